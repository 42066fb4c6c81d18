/* Server: libmicrohttpd's glue: listeners, requests, bodies, parked connections,
 * status codes and error pages. */
#ifndef RPCD_HTTP_SERVER_H
#define RPCD_HTTP_SERVER_H

#include "common/compiler.h"
#include "rpcd/http/auth.h"
#include "rpcd/rpcd.h"

struct http_server;

#define HTTP_BODY_MAX (4 * 1024 * 1024)
#define HTTP_PARKED_MAX 256	/* calls a listener */
#define HTTP_TAILS_MAX 256	/* log tails, a listener */

/* libmicrohttpd's internal errors end the process, with a line in the log. */
void http_server_log_panics(void);
/* New, not accepting yet; takes fd, the access rules and the names of the server, which are
 * separated by blanks (NULL = none). NULL with errno. */
struct http_server *http_server_new(struct rpcd *, int fd, bool is_unix,
    struct auth *auth_take, char *names_take);
/* Begins to accept (once the first snapshot has ended). 0 or -1. */
NODISCARD int http_server_start(struct http_server *);
/* Accepts no more; connections under way go on. */
void http_server_quiesce(struct http_server *);
/* Requests that have not been answered completely. */
size_t http_server_busy(const struct http_server *);
void http_server_free(struct http_server *);	/* resumes what is suspended first;
							 * NULL is fine */

#endif
