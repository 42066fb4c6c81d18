/* Sock unix: listening at a path, by the rule of safepath.h: the name appears with its mode
 * and owner, replaces nothing but a socket, a regular file or a symbolic link, and is
 * removed only while it stands for the socket that we made. */
#ifndef COMMON_SOCK_UNIX_H
#define COMMON_SOCK_UNIX_H

#include "common/compiler.h"
#include "common/safepath.h"

#include <stdbool.h>
#include <sys/types.h>

struct sock_unix {
	const char *path;
	mode_t mode;
	uid_t uid; /* -1 = leave */
	gid_t gid; /* -1 = leave */
	int backlog;
};

/* Listens at the path: bound under another name in the same directory and renamed over the
 * path, so that a client always finds a socket. *made is its inode. The descriptor
 * (CLOEXEC, NONBLOCK), or -1 with errno. A path too long for sun_path is reached through a
 * descriptor of its directory. */
NODISCARD int sock_unix_listen(const struct sock_unix *, struct safepath_id *made);
/* The same for a child that accepts: the socket blocks, and is bound under the path's own
 * name, which is what its peers see (getsockname), unless others can change the directory.
 * What has the name is removed before, so that a client may find nothing for a moment. */
NODISCARD int sock_unix_listen_here(const struct sock_unix *, struct safepath_id *made);
/* Removes the path while it stands for that inode. Call it before the socket is closed: no
 * other file has the inode's number until then. */
void sock_unix_unlink(const char *path, const struct safepath_id *made);
/* Whether the path stands for that socket. */
bool sock_unix_has_path(const char *path, const struct safepath_id *made);
/* 0 when nobody answers at the path, so that whatever has the name is stale: a socket, a
 * file or a link to nowhere. Else -1 with errno. */
NODISCARD int sock_unix_check_free(const char *path);

#endif
