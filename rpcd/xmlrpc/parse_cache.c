#include "rpcd/xmlrpc/parse_cache.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

struct parse_cache_entry {
	size_t len; /* 0 = unused */
	char body[PARSE_CACHE_BODY_MAX];
	char *method;
	json_t *params;
};

struct parse_cache {
	struct parse_cache_entry calls[PARSE_CACHE_CALLS];
	size_t oldest;
};

struct parse_cache *
parse_cache_new(void)
{
	return xcalloc(1, sizeof(struct parse_cache));
}

static void
parse_cache_forget(struct parse_cache_entry *call)
{
	call->len = 0;
	mem_freep(&call->method);
	json_decref(call->params);
	call->params = NULL;
}

void
parse_cache_free(struct parse_cache *parse_cache)
{
	if (parse_cache == NULL)
		return;
	for (size_t i = 0; i < PARSE_CACHE_CALLS; i++)
		parse_cache_forget(&parse_cache->calls[i]);
	free(parse_cache);
}

bool
parse_cache_find(const struct parse_cache *parse_cache, const char *body, size_t len,
    char **method, json_t **params)
{
	for (size_t i = 0; i < PARSE_CACHE_CALLS && len > 0; i++) {
		const struct parse_cache_entry *call = &parse_cache->calls[i];

		if (call->len != len || memcmp(call->body, body, len) != 0)
			continue;
		*method = xstrdup(call->method);
		*params = json_incref(call->params);
		return true;
	}
	return false;
}

void
parse_cache_keep(struct parse_cache *parse_cache, const char *body, size_t len,
    const char *method, json_t *params)
{
	struct parse_cache_entry *call = &parse_cache->calls[parse_cache->oldest];

	if (len == 0 || len > PARSE_CACHE_BODY_MAX)
		return;
	parse_cache_forget(call);
	call->len = len;
	memcpy(call->body, body, len);
	call->method = xstrdup(method);
	call->params = json_incref(params);
	parse_cache->oldest = (parse_cache->oldest + 1) % PARSE_CACHE_CALLS;
}
