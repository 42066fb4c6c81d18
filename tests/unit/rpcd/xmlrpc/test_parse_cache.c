/* Recent: a body is known again byte for byte, the newest of them, and only short ones. */
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
keep(struct recent *recent, const char *body, const char *method)
{
	json_auto_t *params = json_pack("[s]", body);

	recent_keep(recent, body, strlen(body), method, params);
}

/* New: the method of the body, or NULL; its parameter is the body. */
static char *
found(struct recent *recent, const char *body)
{
	json_t *params = NULL;
	char *method = NULL;

	if (!recent_find(recent, body, strlen(body), &method, &params)) {
		assert_null(method);
		assert_null(params);
		return NULL;
	}
	assert_string_equal(json_string_value(json_array_get(params, 0)), body);
	json_decref(params);
	return method;
}

static void
assert_found(struct recent *recent, const char *body, const char *method)
{
	char *name = found(recent, body);

	assert_non_null(name);
	assert_string_equal(name, method);
	free(name);
}

static void
test_same_bytes(void **state UNUSED)
{
	struct recent *recent = recent_new();

	assert_null(found(recent, "a body"));
	keep(recent, "a body", "one");
	keep(recent, "b body", "two");
	assert_found(recent, "a body", "one");
	assert_found(recent, "b body", "two");
	assert_found(recent, "a body", "one");
	assert_null(found(recent, "a bod"));
	assert_null(found(recent, "a body "));
	assert_null(found(recent, "c body"));
	recent_free(recent);
}

static void
test_newest(void **state UNUSED)
{
	struct recent *recent = recent_new();
	char body[32];

	for (int i = 0; i < RECENT_CALLS + 2; i++) {
		snprintf(body, sizeof(body), "body %02d", i);
		keep(recent, body, "m");
	}
	assert_null(found(recent, "body 00"));
	assert_null(found(recent, "body 01"));
	for (int i = 2; i < RECENT_CALLS + 2; i++) {
		snprintf(body, sizeof(body), "body %02d", i);
		assert_found(recent, body, "m");
	}
	recent_free(recent);
}

static void
test_short(void **state UNUSED)
{
	struct recent *recent = recent_new();
	char body[RECENT_BODY_MAX + 2];

	memset(body, 'x', sizeof(body));
	body[RECENT_BODY_MAX + 1] = '\0';
	keep(recent, body, "long");
	assert_null(found(recent, body));
	body[RECENT_BODY_MAX] = '\0';
	keep(recent, body, "longest");
	assert_found(recent, body, "longest");
	keep(recent, "", "none");
	assert_null(found(recent, ""));
	recent_free(recent);
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
