/* FastCGI socket: the listening socket that the processes of one fcgi-program share as
 * their descriptor 0. It is open while any of them runs. */
#ifndef MASTER_CHILD_FCGI_SOCKET_H
#define MASTER_CHILD_FCGI_SOCKET_H

#include "common/compiler.h"
#include "master/config/config.h"

struct fcgi_socket {
	const struct fcgi_config *config; /* borrowed */
	int fd;                           /* -1 = not open; blocking */
	size_t processes;                 /* that use it */
};

/* Adds a process that uses the socket; for the first one, opens it. 0, or -1 with *why new,
 * "Could not create …" (NULL if out of memory). */
NODISCARD int fcgi_socket_acquire(struct fcgi_socket *, char **why);
/* Removes a process; after the last one, closes the socket. Its path is not removed. */
void fcgi_socket_release(struct fcgi_socket *);
/* Opens such a socket and closes it, to test whether that is possible. 0, or -1 as
 * fcgi_socket_acquire. */
NODISCARD int fcgi_socket_check(const struct fcgi_config *, char **why);

#endif
