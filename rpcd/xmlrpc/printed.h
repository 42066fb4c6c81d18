/* Printed: a value as Python prints it. supervisord does this with arguments that should be
 * strings. */
#ifndef RPCD_XMLRPC_PRINTED_H
#define RPCD_XMLRPC_PRINTED_H

#include <jansson.h>

/* New text, or NULL with ENOMEM: a string unchanged, other values as str() shows them: 1.5,
 * True, None, 2026-01-02 03:04:05, [1, 'a'], {'a': 1}. */
char *printed_text(const json_t *);

#endif
