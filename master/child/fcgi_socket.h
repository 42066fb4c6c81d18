/* FastCGI socket: the listening socket that the processes of one fcgi-program share as
 * their descriptor 0; it exists while any of them runs. */
#ifndef MASTER_CHILD_FCGI_SOCKET_H
#define MASTER_CHILD_FCGI_SOCKET_H

#include "common/compiler.h"
#include "master/config/config.h"

struct fcgi_socket;

/* New, without a socket yet; the configuration is borrowed. NULL with ENOMEM. */
struct fcgi_socket *fcgi_socket_new(const struct fcgi_config *);
void fcgi_socket_free(struct fcgi_socket *); /* NULL is fine */
/* One process more uses it: the socket's descriptor, borrowed, which blocks; the first one
 * makes the socket. -1 with *why new (NULL without memory): "Could not create …". */
NODISCARD int fcgi_socket_take(struct fcgi_socket *, char **why);
/* One process less; the last one closes the socket, whose path stays. */
void fcgi_socket_drop(struct fcgi_socket *);
/* Makes such a socket and closes it, to see whether that goes. 0, or -1 as
 * fcgi_socket_take. */
NODISCARD int fcgi_socket_check(const struct fcgi_config *, char **why);
/* For the state document: one process uses this descriptor already (takes it). All of them
 * name the same one. */
void fcgi_socket_adopt(struct fcgi_socket *, int fd);
int fcgi_socket_fd(const struct fcgi_socket *); /* -1 = none */

#endif
