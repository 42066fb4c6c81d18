/* Xmlrpc: the documents of XML-RPC as a client sees them: writes a call from JSON
 * values, and reads a response into JSON values, by expat. */
#ifndef CTL_XMLRPC_H
#define CTL_XMLRPC_H

#include "common/compiler.h"
#include "ctl/daemon/reply.h"

#include <jansson.h>
#include <stddef.h>

/* New: the document that calls the method; params: an array of strings and integers. */
char *xmlrpc_write(const char *method, const json_t *params, size_t *length);
/* Reads a response into *reply, which is REPLY_NONE. int, i4 and i8 become integers,
 * double a real, boolean and nil what they are in JSON, everything else but array and
 * struct a string. 0, or -1 with *why a static text: no XML, no XML-RPC, a document type,
 * or too deep or large. */
NODISCARD int xmlrpc_read(const char *bytes, size_t n, struct reply *, const char **why);

#endif
