/* Suspend: a connection whose answer cannot go on is suspended: nothing happens on it until
 * it is resumed, because there is something to send or because its client has gone. */
#ifndef RPCD_HTTP_SUSPEND_H
#define RPCD_HTTP_SUSPEND_H

#include "rpcd/http/connection.h"

/* From one of libmicrohttpd's callbacks. When the client leaves meanwhile, abandon gives up
 * what was begun for its request, and the connection is resumed as gone. */
void http_suspend(struct http_connection *, void (*abandon)(void *request), void *request);
void http_resume(struct http_connection *);
/* The client has gone: if the connection is suspended, what was begun is abandoned, and the
 * connection ends in the next run. */
void http_suspend_abandon(struct http_connection *);

#endif
