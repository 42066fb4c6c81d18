/* Printed: a value as Python prints it, which is what supervisord makes of an argument that
 * should be text. */
#ifndef RPCD_XMLRPC_PRINTED_H
#define RPCD_XMLRPC_PRINTED_H

#include <jansson.h>

/* New text: a string as it is, other values as str() shows them: 1.5, True, None,
 * 2026-01-02 03:04:05, [1, 'a'], {'a': 1}. */
char *printed_text(const json_t *);

#endif
