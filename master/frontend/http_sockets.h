/* HTTP sockets: the listening sockets of reeve-rpcd. The master binds them with its
 * privilege and passes their descriptors. */
#ifndef MASTER_FRONTEND_HTTP_SOCKETS_H
#define MASTER_FRONTEND_HTTP_SOCKETS_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/safepath.h"
#include "master/config/config.h"

#include <stdbool.h>
#include <stddef.h>

struct http_sockets;

/* The fields of a socket in the state document. */
#define HTTP_SOCKET_FIELDS(ROW, S)							\
	/* "inet HOST:PORT" or "unix PATH MODE UID GID", to find a socket to keep. */	\
	ROW(S, TEXT, address)								\
	ROW(S, TEXT, path)	/* of a Unix socket, else NULL */			\
	ROW(S, INODE, made)	/* the file at the path when it was bound */		\
	ROW(S, FD, fd)		/* -1 = not bound */
struct http_socket_record FIELDS(HTTP_SOCKET_FIELDS);

/* Binds every listener of the configuration, in its order. A socket of `old` (taken, NULL =
 * none) with the same address is kept, the others are closed. New, or NULL with *error new:
 * the text of the usage error. */
struct http_sockets *http_sockets_open(
    const struct config *, struct http_sockets *old_take, char **error);
/* Logs the lines that supervisord logs when it starts its servers. */
void http_sockets_announce(const struct config *);
/* Makes the i-th socket listen again when no client can reach it any more: reeve-rpcd has
 * shut it down, or its path was removed or replaced. True if it has another descriptor now,
 * which the running reeve-rpcd does not have. */
bool http_sockets_listen_again(struct http_sockets *, const struct config *, size_t i);
/* Whether the i-th listener of a configuration that is to replace that of `old` (NULL =
 * none) could be bound together with those before it. 0, or -1 with *error new. */
NODISCARD int http_sockets_check(
    const struct http_sockets *old, const struct config *, size_t i, char **error);
/* New: the error text for an address that is in use. */
char *http_sockets_in_use(void);
/* The descriptor of the configuration's i-th listener; borrowed. */
int http_sockets_fd(const struct http_sockets *, size_t i);
/* For the state document: the i-th record (borrowed), NULL after the last; and the sockets
 * of count records (taken), for http_sockets_open. */
const struct http_socket_record *http_sockets_get(const struct http_sockets *, size_t i);
struct http_sockets *http_sockets_restore(struct http_socket_record *take, size_t count);
/* Closes all, and removes the paths of Unix sockets. NULL is fine. */
void http_sockets_free(struct http_sockets *);

#endif
