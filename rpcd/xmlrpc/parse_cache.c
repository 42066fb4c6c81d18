#include "rpcd/xmlrpc/parse_cache.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

struct recent_call {
	size_t len; /* 0: none yet */
	char body[RECENT_BODY_MAX];
	char *method;
	json_t *params;
};

struct recent {
	struct recent_call calls[RECENT_CALLS];
	size_t oldest;
};

struct recent *
recent_new(void)
{
	return xcalloc(1, sizeof(struct recent));
}

static void
recent_forget(struct recent_call *call)
{
	call->len = 0;
	mem_freep(&call->method);
	json_decref(call->params);
	call->params = NULL;
}

void
recent_free(struct recent *recent)
{
	if (recent == NULL)
		return;
	for (size_t i = 0; i < RECENT_CALLS; i++)
		recent_forget(&recent->calls[i]);
	free(recent);
}

bool
recent_find(const struct recent *recent, const char *body, size_t len, char **method,
    json_t **params)
{
	for (size_t i = 0; i < RECENT_CALLS && len > 0; i++) {
		const struct recent_call *call = &recent->calls[i];

		if (call->len != len || memcmp(call->body, body, len) != 0)
			continue;
		*method = xstrdup(call->method);
		*params = json_incref(call->params);
		return true;
	}
	return false;
}

void
recent_keep(struct recent *recent, const char *body, size_t len, const char *method,
    json_t *params)
{
	struct recent_call *call = &recent->calls[recent->oldest];

	if (len == 0 || len > RECENT_BODY_MAX)
		return;
	recent_forget(call);
	call->len = len;
	memcpy(call->body, body, len);
	call->method = xstrdup(method);
	call->params = json_incref(params);
	recent->oldest = (recent->oldest + 1) % RECENT_CALLS;
}
