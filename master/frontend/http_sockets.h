/* HTTP sockets: bound here with the master's privilege and served by reeve-rpcd, which gets
 * them as descriptors. */
#ifndef MASTER_FRONTEND_HTTP_SOCKETS_H
#define MASTER_FRONTEND_HTTP_SOCKETS_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/safepath.h"
#include "master/config/config.h"

#include <stdbool.h>
#include <stddef.h>

struct http_sockets;

/* What the state document has of a socket. */
#define HTTP_SOCKET_FIELDS(ROW, S)							\
	/* "inet HOST:PORT" or "unix PATH MODE UID GID": what must stay. */		\
	ROW(S, TEXT, address)								\
	ROW(S, TEXT, path)	/* of a Unix socket, else NULL */			\
	ROW(S, INODE, made)	/* what the path stood for when we bound it */		\
	ROW(S, FD, fd)		/* -1 = not bound */
struct http_socket_record FIELDS(HTTP_SOCKET_FIELDS);

/* Binds every listener of the configuration, in its order; a socket of `old` (taken, NULL =
 * none) whose address stays is kept bound, the others are closed. New, or NULL with *error
 * new: the usage error's text. */
struct http_sockets *http_sockets_open(
    const struct config *, struct http_sockets *old_take, char **error);
/* Logs what supervisord does of its servers at start. */
void http_sockets_announce(const struct config *);
/* Makes the i-th listen again when no client can reach it any more: reeve-rpcd has shut the
 * socket down, or the path was removed or replaced. True when it has another descriptor
 * now, which a running reeve-rpcd does not have. */
bool http_sockets_revive(struct http_sockets *, const struct config *, size_t i);
/* Whether the i-th listener of a configuration that is about to replace that of `old`
 * (NULL = none) could be bound beside those before it: 0, or -1 with *error new. */
NODISCARD int http_sockets_check(
    const struct http_sockets *old, const struct config *, size_t i, char **error);
/* New: the error when an address is in use. */
char *http_sockets_in_use(void);
/* The descriptor of the configuration's i-th listener; borrowed. */
int http_sockets_fd(const struct http_sockets *, size_t i);
/* For the state document: the i-th (borrowed), NULL behind the last; and sockets that were
 * bound by another process, for http_sockets_open: takes count records. */
const struct http_socket_record *http_sockets_get(const struct http_sockets *, size_t i);
struct http_sockets *http_sockets_put_back(struct http_socket_record *take, size_t count);
/* Closes all and removes the Unix sockets' paths. NULL is fine. */
void http_sockets_free(struct http_sockets *);

#endif
