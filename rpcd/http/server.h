/* Server: a listener that libmicrohttpd serves. It runs in the event loop when a connection
 * or a timeout is ready. */
#ifndef RPCD_HTTP_SERVER_H
#define RPCD_HTTP_SERVER_H

#include "common/compiler.h"
#include "rpcd/rpcd.h"
#include "rpcd/setup.h"

#include <stddef.h>

struct http_endpoint;
struct http_server;

/* New, not accepting yet; takes everything that the listener owns. NULL with errno. */
struct http_server *http_server_new(struct rpcd *, struct setup_listener *);
/* Begins to accept connections. 0 or -1. */
NODISCARD int http_server_start(struct http_server *);
/* What its connections share. */
const struct http_endpoint *http_server_endpoint(const struct http_server *);
/* The users have changed. */
void http_server_users_changed(struct http_server *);
/* Accepts no more connections; open ones continue. */
void http_server_quiesce(struct http_server *);
/* How many connections are open. */
size_t http_server_connections(const struct http_server *);
/* The end is near: answers the requests that wait for the verification of a password. */
void http_server_end(struct http_server *);
/* Ends all connections. NULL is allowed. */
void http_server_free(struct http_server *);

#endif
