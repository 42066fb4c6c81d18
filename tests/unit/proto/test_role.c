#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/role.h"

static void
test_both_ways(void **state)
{
	(void)state;
	for (int role = ROLE_NONE; role < ROLE_MAX; role++)
		assert_int_equal(role_parse(role_name((enum role)role)), role);
}

static void
test_order(void **state)
{
	(void)state;
	assert_true(role_parse("none") < role_parse("states"));
	assert_true(role_parse("states") < role_parse("view"));
	assert_true(role_parse("view") < role_parse("operate"));
	assert_true(role_parse("operate") < role_parse("admin"));
}

static void
test_strange(void **state)
{
	static const char *const words[] = { "", "Admin", "admin ", "root", "adm",
		"admins" };

	(void)state;
	for (size_t i = 0; i < nitems(words); i++)
		assert_int_equal(role_parse(words[i]), -1);
	assert_string_equal(role_name(ROLE_MAX), "none");
	assert_string_equal(role_name((enum role) - 1), "none");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_strange),
	};

	return cmocka_run_group_tests_name("role", tests, NULL, NULL);
}
