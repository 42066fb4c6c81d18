/* Sock listen: a listening Unix socket, for tests that do not need its inode. */
#ifndef TESTS_UNIT_COMMON_SOCK_LISTEN_H
#define TESTS_UNIT_COMMON_SOCK_LISTEN_H

#include "common/sock_unix.h"

static inline int
sock_listen_unix(const char *path, mode_t mode, uid_t uid, gid_t gid, int backlog)
{
	const struct sock_unix want = {
	    .path = path, .mode = mode, .uid = uid, .gid = gid, .backlog = backlog};
	struct safepath_id made;

	return sock_unix_listen(&want, &made);
}

#endif
