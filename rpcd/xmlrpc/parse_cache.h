/* Parse cache: the calls that were read last, by the bytes of their bodies. Clients that
 * poll send the same bytes again and again, and to read XML costs more than all else that a
 * small call needs. */
#ifndef RPCD_XMLRPC_PARSE_CACHE_H
#define RPCD_XMLRPC_PARSE_CACHE_H

#include "common/compiler.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define PARSE_CACHE_CALLS 16
#define PARSE_CACHE_BODY_MAX 512 /* longer bodies are not kept */

struct parse_cache;

struct parse_cache *parse_cache_new(void);   /* new */
void parse_cache_free(struct parse_cache *); /* NULL is fine */
/* Whether this body was kept: then *method is new, and *params one reference more to an
 * array that nobody may change. */
NODISCARD bool parse_cache_find(const struct parse_cache *, const char *body, size_t len,
    char **method, json_t **params);
/* Keeps what was read from a body that parse_cache_find does not know, instead of what was
 * kept first. All is borrowed; params must not change from now on. */
void parse_cache_keep(
    struct parse_cache *, const char *body, size_t len, const char *method, json_t *params);

#endif
