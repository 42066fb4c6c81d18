/* Http: libmicrohttpd's glue: listeners, requests, bodies, parked connections,
 * status codes and error pages (reference 1.2 to 1.7, libraries.md). */
#ifndef RPCD_HTTP_SERVER_H
#define RPCD_HTTP_SERVER_H

#include "common/compiler.h"
#include "rpcd/http/auth.h"
#include "rpcd/rpcd.h"

struct http_listener;

#define HTTP_BODY_MAX (4 * 1024 * 1024)
#define HTTP_PARKED_MAX 256	/* calls a listener */
#define HTTP_FOLLOWERS_MAX 256	/* clients that follow a log, a listener */

/* New, not accepting yet; takes fd, the access rules and the names of the server, which are
 * separated by blanks (NULL = none). NULL with errno. */
struct http_listener *http_listener_new(struct rpcd *, int fd, bool is_unix,
    struct auth *auth_take, char *names_take);
/* Begins to accept (once the first snapshot has ended). 0 or -1. */
NODISCARD int http_listener_start(struct http_listener *);
/* Accepts no more; connections under way go on. */
void http_listener_quiesce(struct http_listener *);
/* Requests that have not been answered completely. */
size_t http_listener_busy(const struct http_listener *);
void http_listener_free(struct http_listener *);	/* resumes what is suspended first;
							 * NULL is fine */

#endif
