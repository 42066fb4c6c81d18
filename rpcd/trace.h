/* Trace: the log lines of level trace, with supervisord's texts: calls, their results and
 * answered requests. At other levels, nothing is stored or formatted. */
#ifndef RPCD_TRACE_H
#define RPCD_TRACE_H

#include "proto/fault.h"

#include <stdint.h>
#include <sys/socket.h>

/* Logs "XML-RPC method called: NAME()". New: the name for trace_returned, or NULL. */
char *trace_called(const char *method);
/* Logs "XML-RPC method NAME() returned …", with the text of a fault. Frees the name and
 * sets it to NULL, so that each call is logged once. */
void trace_returned(char **method, enum fault, const char *text);

/* New: "METHOD URI VERSION" for trace_answered, or NULL. */
char *trace_request_line(const char *method, const char *uri, const char *version);
/* Logs "HOST:PORT - - [DATE] "REQUEST" STATUS BYTES"; localhost:0 for a Unix socket or an
 * address of NULL. bytes: -1 = unknown. */
void trace_answered(
    const struct sockaddr *address, const char *request, int status, int64_t bytes);

#endif
