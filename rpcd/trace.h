/* Trace: the lines that level trace adds to the main log, in supervisord's words: a call,
 * its result, an answered request. When that level is not wanted nothing is kept or
 * formatted. */
#ifndef RPCD_TRACE_H
#define RPCD_TRACE_H

#include "proto/fault.h"

#include <stdint.h>
#include <sys/socket.h>

/* "XML-RPC method called: NAME()". New: the name for trace_returned; NULL = not wanted. */
char *trace_called(const char *method);
/* "XML-RPC method NAME() returned …": `text` is a fault's. Frees the name and sets it to
 * NULL: each call is logged once. */
void trace_returned(char **method, enum fault, const char *text);

/* New: "METHOD URI VERSION"; NULL = not wanted. */
char *trace_request_line(const char *method, const char *uri, const char *version);
/* "HOST:PORT - - [DATE] "REQUEST" STATUS BYTES". address NULL or of a Unix socket:
 * localhost:0; bytes -1 = not known yet. */
void trace_answered(
    const struct sockaddr *address, const char *request, int status, int64_t bytes);

#endif
