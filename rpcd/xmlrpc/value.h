/* Value: converts the texts of XML-RPC scalars to JSON by Python's rules. */
#ifndef RPCD_XMLRPC_VALUE_H
#define RPCD_XMLRPC_VALUE_H

#include "common/compiler.h"

#include <jansson.h>
#include <stddef.h>

#define XMLVALUE_NUMBER_MAX 4096 /* bytes of the text of a number */

/* Each: new, or NULL when the text is not such a value. The text is UTF-8, has len bytes
 * without NUL, and is NUL-terminated. */
typedef json_t *xmlvalue_fn(const char *text, size_t len);

xmlvalue_fn xmlvalue_int, xmlvalue_boolean, xmlvalue_string, xmlvalue_double,
    xmlvalue_datetime, xmlvalue_base64;

#endif
