/* Suspend: a connection is suspended while its answer waits. Nothing happens on it until it
 * is resumed, because the answer can continue or because the client has left. */
#ifndef RPCD_HTTP_SUSPEND_H
#define RPCD_HTTP_SUSPEND_H

#include "rpcd/http/connection.h"

/* For callbacks of libmicrohttpd. When the client leaves, `abandon` is called to end the
 * work for the request, and the connection is resumed as gone. */
void http_suspend(struct http_connection *, void (*abandon)(void *request), void *request);
void http_resume(struct http_connection *);
/* The client has left: if the connection is suspended, abandons the request; the connection
 * ends in the next run. */
void http_suspend_abandon(struct http_connection *);

#endif
