#include "rpcd/http/routes.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* As in supervisord, whatever follows a prefix belongs to the path. */
static void
test_paths(void **state)
{
	static const struct {
		const char *uri, *path;
	} cases[] = {
	    {"/RPC2", "/RPC2"},
	    {"/RPC2/", "/RPC2"},
	    {"/RPC23?x", "/RPC2"},
	    {"/logtail/a%20b", "/logtail"},
	    {"/mainlogtail", "/mainlogtail"},
	    {"/RPC", NULL},
	    {"/rpc2", NULL},
	    {"//RPC2", NULL},
	    {"", NULL},
	};
	const struct http_route *route;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		route = http_route_find(cases[i].uri);
		if (cases[i].path == NULL)
			assert_null(route);
		else
			assert_string_equal(route->path, cases[i].path);
	}
}

static void
test_methods(void **state)
{
	const struct http_route *calls = http_route_find("/RPC2");
	const struct http_route *logs = http_route_find("/logtail/x");

	(void)state;
	assert_ptr_equal(http_route_of_method(calls, "POST"), calls);
	assert_null(http_route_of_method(calls, "GET"));
	assert_null(http_route_of_method(calls, "OPTIONS"));
	assert_ptr_equal(http_route_of_method(logs, "GET"), logs);
	assert_null(http_route_of_method(logs, "get"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
