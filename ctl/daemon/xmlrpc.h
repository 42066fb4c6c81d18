/* Xmlrpc: XML-RPC for a client: writes a call from JSON values, and parses a response into
 * JSON values with expat. */
#ifndef CTL_DAEMON_XMLRPC_H
#define CTL_DAEMON_XMLRPC_H

#include "common/compiler.h"
#include "ctl/daemon/reply.h"

#include <jansson.h>
#include <stddef.h>

/* New: the document that calls the method; params: an array of strings and integers. */
char *xmlrpc_write(const char *method, const json_t *params, size_t *length);
/* Parses a response into *reply, which is REPLY_NONE. int, i4 and i8 become integers,
 * double a real; boolean, nil, array and struct become their equivalents in JSON; all
 * others become strings. 0, or -1 with *why a static text: not XML, not XML-RPC, a document
 * type, or too deep or large. */
NODISCARD int xmlrpc_read(const char *bytes, size_t n, struct reply *, const char **why);

#endif
