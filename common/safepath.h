/* Safepath: paths below directories that others can write, used with privilege.
 *
 * The rule: a path without symbolic links is used as it is. A symbolic link is trusted if
 * it and its directory belong to root or to our user, and others cannot write the
 * directory. The owner of the link alone proves nothing, because others can rename a link
 * or make a hard link to it. Any other link is followed with the rights of its owner
 * (fs_rights.h), which also limit the rest of the path and all that is done there. A link
 * of root or of our user in a directory that others can write may have been moved there: it
 * is followed with the rights of the directory's owner or of nobody. So the path reaches
 * nothing that the user who placed the link could not reach.
 *
 * A file is named by the descriptor of a directory, found by this rule, and one component,
 * which is opened with O_NOFOLLOW and O_NONBLOCK. A file is truncated, removed or replaced
 * only if it is regular (or a socket) and, where others can write the directory, has no
 * other hard link; never a device, a FIFO or a directory. A file with several links in such
 * a directory is opened only if it belongs to the directory's owner. */
#ifndef COMMON_SAFEPATH_H
#define COMMON_SAFEPATH_H

#include "common/compiler.h"
#include "common/fs_rights.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define SAFEPATH_WHY 512

/* The identity of a file; all zero = none. */
struct safepath_id {
	dev_t dev;
	ino_t ino;
};
#define FIELDS_TYPE_INODE struct safepath_id /* common/fields.h */

enum safepath_flags {
	SAFEPATH_LAST = 1,	/* a link as the last component is not followed */
	SAFEPATH_STEADY = 2,	/* sets `steady` */
};

/* A component in a directory. */
struct safepath {
	int dir;                 /* O_PATH, owned; -1 = none */
	char name[NAME_MAX + 1]; /* the last component; it may not exist */
	bool magic;              /* the name is a link of /proc to an open file */
	bool steady;             /* only root and we can change what the path names */
	struct stat st;          /* of the directory */
	struct fs_rights rights;
	char why[SAFEPATH_WHY]; /* the link that limits the rights; "" = none */
};

/* Finds the directory of the path's last component. 0, or -1 with errno and `why`. Call
 * safepath_close, which keeps errno, after a failure too. */
NODISCARD int safepath_find(struct safepath *, const char *path, unsigned flags);
void safepath_close(struct safepath *);

/* The following use a component in the directory, usually sp->name, and fail with -1 and
 * errno; EMLINK: the file has other links. */

/* Opens the file: a descriptor, with its fstat in *st. The flags must not have O_TRUNC. */
NODISCARD int safepath_open(
    struct safepath *, const char *name, int flags, mode_t mode, struct stat *st);
NODISCARD int safepath_stat(const struct safepath *, const char *name, struct stat *);
/* 0 if another file may be renamed to the name: nothing has it, or something that
 * safepath_remove would remove. */
NODISCARD int safepath_check_replace(const struct safepath *, const char *name);
/* Renames, and replaces what safepath_remove would remove. */
NODISCARD int safepath_rename(const struct safepath *, const char *from, const char *to);
/* Renames, and replaces nothing: EEXIST. */
NODISCARD int safepath_rename_new(
    const struct safepath *, const char *from, const char *to);
/* Removes a regular file, a socket or a symbolic link. With `only`, ESTALE if the name
 * belongs to another file. */
NODISCARD int safepath_remove(
    const struct safepath *, const char *name, const struct safepath_id *only);
/* Truncates a file that safepath_open opened in this directory. */
NODISCARD int safepath_truncate(const struct safepath *, int fd, off_t length);

/* Opens a path by the rule in one call, about as fast as open. `why` (SAFEPATH_WHY bytes)
 * receives the reason of a failure, "" when errno is the whole reason. */
NODISCARD int safepath_open_path(
    const char *path, int flags, mode_t mode, struct stat *st, char *why);
/* True for /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N, which are never opened
 * by name. *fd is the descriptor if it was inherited (without CLOEXEC, which all of our own
 * have), else -1. */
bool safepath_inherited_fd(const char *path, int *fd);
struct safepath_id safepath_id_of(const struct stat *);
bool safepath_id_equal(const struct safepath_id *, const struct stat *);

#endif
