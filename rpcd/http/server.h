/* Server: a listener by libmicrohttpd: it accepts connections, and runs when one of them or
 * a time-out is ready. */
#ifndef RPCD_HTTP_SERVER_H
#define RPCD_HTTP_SERVER_H

#include "common/compiler.h"
#include "rpcd/rpcd.h"
#include "rpcd/setup.h"

struct http_server;

/* New, not accepting yet; takes all that the listener owns. NULL with errno. */
struct http_server *http_server_new(struct rpcd *, struct setup_listener *);
/* Begins to accept (once the first snapshot has ended). 0 or -1. */
NODISCARD int http_server_start(struct http_server *);
/* Accepts no more; connections under way go on. */
void http_server_quiesce(struct http_server *);
void http_server_free(struct http_server *); /* resumes what is suspended first;
						 * NULL is fine */

#endif
