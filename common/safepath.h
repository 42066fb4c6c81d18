/* Safepath: paths below directories that others can write, used with privilege.
 *
 * The rule: a path without symbolic links is used as it is. A symbolic link is trusted if
 * it and the directory that contains it belong to root or to us and others cannot write
 * that directory; it is not enough that the link does, because others can rename it or make
 * a hard link to it. Any other link is followed with its owner's rights, which hold from
 * there on for everything that is done below (fs_rights.h), or with nobody's where root's
 * or our link could have been moved into a directory that others can write. So the path
 * reaches nothing that the one who placed the link could not reach.
 *
 * Files are named by a directory descriptor found by this rule and one component. The last
 * component is opened with O_NOFOLLOW and O_NONBLOCK. A file is truncated, removed or
 * replaced only if it is regular (or a socket) and, where others can write the directory,
 * has no other hard link; never a device, a FIFO or a directory. A file with several links
 * in such a directory is not even opened unless it belongs to the directory's owner. */
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

/* Which file a name stood for; all zero = none. */
struct safepath_id {
	dev_t dev;
	ino_t ino;
};
#define FIELDS_TYPE_INODE struct safepath_id /* common/fields.h */

enum safepath_flags {
	SAFEPATH_LAST = 1,	/* the last component may be a link and is not followed */
	SAFEPATH_STEADY = 2,	/* also finds out whether the path is steady */
};

/* A component in a directory. */
struct safepath {
	int dir;                 /* O_PATH, owned; -1 = none */
	char name[NAME_MAX + 1]; /* the last component; it may not exist */
	bool magic;              /* the name is a link of /proc that the kernel follows */
	bool steady;             /* only root and we can change what the path names */
	struct stat st;          /* of the directory */
	struct fs_rights rights;
	char why[SAFEPATH_WHY]; /* the link that limits the rights; "" = none */
};

/* Finds the directory of the path's last component. 0, or -1 with errno and `why`; closed
 * in any case by safepath_close, which keeps errno. */
NODISCARD int safepath_find(struct safepath *, const char *path, unsigned flags);
void safepath_close(struct safepath *);

/* The following take a component in the directory, usually sp->name, and fail with -1 and
 * errno; EMLINK: the file has other links. */

/* A descriptor, its fstat in *st. Of the flags, O_TRUNC is not allowed. */
NODISCARD int safepath_open(
    struct safepath *, const char *name, int flags, mode_t mode, struct stat *st);
NODISCARD int safepath_stat(const struct safepath *, const char *name, struct stat *);
/* 0 when another file may take the name: it is free, or stands for what safepath_remove
 * would remove. */
NODISCARD int safepath_check_replace(const struct safepath *, const char *name);
/* Over what safepath_remove would remove, if anything. */
NODISCARD int safepath_rename(const struct safepath *, const char *from, const char *to);
/* Never over anything: EEXIST. */
NODISCARD int safepath_rename_new(
    const struct safepath *, const char *from, const char *to);
/* Removes a regular file, a socket or a symbolic link itself. With `only`, ESTALE when the
 * name has passed to another file. */
NODISCARD int safepath_remove(
    const struct safepath *, const char *name, const struct safepath_id *only);
/* Cuts the file, which was opened by the rule in this directory, to that length. */
NODISCARD int safepath_truncate(const struct safepath *, int fd, off_t length);

/* All in one for a file: opens the path by the rule, about as fast as open. `why` receives
 * SAFEPATH_WHY bytes, "" when errno says it all. */
NODISCARD int safepath_open_path(
    const char *path, int flags, mode_t mode, struct stat *st, char *why);
/* True for /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N, which are never opened
 * by their names: *fd is the descriptor if it was given to us (it is not CLOEXEC as all of
 * our own are), else -1. */
bool safepath_given(const char *path, int *fd);
struct safepath_id safepath_id_of(const struct stat *);
bool safepath_id_equal(const struct safepath_id *, const struct stat *);

#endif
