/* Parse cache: the parsed calls of the last bodies. Clients that poll send the same bytes
 * again and again, and parsing XML costs more than everything else of a small call. */
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
void parse_cache_free(struct parse_cache *); /* NULL is allowed */
/* True when the cache has this body: then *method is new, and *params a new reference to an
 * array that must not be changed. */
NODISCARD bool parse_cache_find(const struct parse_cache *, const char *body, size_t len,
    char **method, json_t **params);
/* Adds a call that the cache does not have, instead of the oldest one. Everything is
 * borrowed; params must not be changed from now on. */
void parse_cache_keep(
    struct parse_cache *, const char *body, size_t len, const char *method, json_t *params);

#endif
