/* Parse cache: finds the newest short bodies by their exact bytes. */
#include "rpcd/xmlrpc/parse_cache.h"

#include "common/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
keep(struct parse_cache *parse_cache, const char *body, const char *method)
{
	json_auto_t *params = json_pack("[s]", body);

	parse_cache_keep(parse_cache, body, strlen(body), method, params);
}

/* New: the method of the body, or NULL; its parameter is the body. */
static char *
found(struct parse_cache *parse_cache, const char *body)
{
	json_t *params = NULL;
	char *method = NULL;

	if (!parse_cache_find(parse_cache, body, strlen(body), &method, &params)) {
		assert_null(method);
		assert_null(params);
		return NULL;
	}
	assert_string_equal(json_string_value(json_array_get(params, 0)), body);
	json_decref(params);
	return method;
}

static void
assert_found(struct parse_cache *parse_cache, const char *body, const char *method)
{
	char *name = found(parse_cache, body);

	assert_non_null(name);
	assert_string_equal(name, method);
	free(name);
}

static void
test_same_bytes(void **state UNUSED)
{
	struct parse_cache *parse_cache = parse_cache_new();

	assert_null(found(parse_cache, "a body"));
	keep(parse_cache, "a body", "one");
	keep(parse_cache, "b body", "two");
	assert_found(parse_cache, "a body", "one");
	assert_found(parse_cache, "b body", "two");
	assert_found(parse_cache, "a body", "one");
	assert_null(found(parse_cache, "a bod"));
	assert_null(found(parse_cache, "a body "));
	assert_null(found(parse_cache, "c body"));
	parse_cache_free(parse_cache);
}

static void
test_newest(void **state UNUSED)
{
	struct parse_cache *parse_cache = parse_cache_new();
	char body[32];

	for (int i = 0; i < PARSE_CACHE_CALLS + 2; i++) {
		snprintf(body, sizeof(body), "body %02d", i);
		keep(parse_cache, body, "m");
	}
	assert_null(found(parse_cache, "body 00"));
	assert_null(found(parse_cache, "body 01"));
	for (int i = 2; i < PARSE_CACHE_CALLS + 2; i++) {
		snprintf(body, sizeof(body), "body %02d", i);
		assert_found(parse_cache, body, "m");
	}
	parse_cache_free(parse_cache);
}

static void
test_short(void **state UNUSED)
{
	struct parse_cache *parse_cache = parse_cache_new();
	char body[PARSE_CACHE_BODY_MAX + 2];

	memset(body, 'x', sizeof(body));
	body[PARSE_CACHE_BODY_MAX + 1] = '\0';
	keep(parse_cache, body, "long");
	assert_null(found(parse_cache, body));
	body[PARSE_CACHE_BODY_MAX] = '\0';
	keep(parse_cache, body, "longest");
	assert_found(parse_cache, body, "longest");
	keep(parse_cache, "", "none");
	assert_null(found(parse_cache, ""));
	parse_cache_free(parse_cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_newest),
		cmocka_unit_test(test_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
