/* Sock unix: listens at a path by the rule of safepath.h. The socket appears with its mode
 * and owner set, replaces only a socket, a regular file or a symbolic link, and is removed
 * only while the path is still this socket. */
#ifndef COMMON_SOCK_UNIX_H
#define COMMON_SOCK_UNIX_H

#include "common/compiler.h"
#include "common/safepath.h"

#include <stdbool.h>
#include <sys/types.h>

struct sock_unix {
	const char *path;
	mode_t mode;
	uid_t uid; /* -1 = unchanged */
	gid_t gid; /* -1 = unchanged */
	int backlog;
};

/* Binds a socket under another name in the same directory and renames it to the path, so
 * that a client always finds a socket. *made is its inode. The descriptor (CLOEXEC,
 * NONBLOCK), or -1 with errno. The path may be too long for sun_path: it is then bound
 * through a descriptor of its directory. */
NODISCARD int sock_unix_listen(const struct sock_unix *, struct safepath_id *made);
/* The same for a socket that a child inherits: it blocks, and is bound under the path
 * itself, which getsockname returns, unless others can change the directory. What is at the
 * path is removed first, so that a client may find nothing for a moment. */
NODISCARD int sock_unix_listen_here(const struct sock_unix *, struct safepath_id *made);
/* Removes the path if it still is that inode. Call it before closing the socket: until then
 * no other file has the number of the inode. */
void sock_unix_unlink(const char *path, const struct safepath_id *made);
/* Whether the path is that socket. */
bool sock_unix_has_path(const char *path, const struct safepath_id *made);
/* 0 if no process listens at the path, so that a socket, file or link there is stale. Else
 * -1 with errno. */
NODISCARD int sock_unix_check_free(const char *path);

#endif
