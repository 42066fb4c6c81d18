/* Api: the tables of reeve.* hold together. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/compiler.h"
#include "proto/api.h"

static void
test_methods(void **state)
{
	(void)state;
	for (size_t i = 0; i < API_MAX; i++) {
		const struct api_method *method = &api_methods[i];

		assert_int_equal(strncmp(method->name, "reeve.", 6), 0);
		if (i > 0)
			assert_true(strcmp(api_methods[i - 1].name, method->name) < 0);
		assert_non_null(method->signature);
		assert_non_null(method->help);
		assert_true(method->role > ROLE_NONE && method->role < ROLE_MAX);
		if (method->cmd != CMD_HELLO)
			assert_int_equal(cmd_table[method->cmd].role, method->role);
	}
}

static void
test_members(void **state)
{
	(void)state;
	for (size_t i = 0; i < API_MEMBERS; i++) {
		const struct api_member *member = &api_members[i];

		assert_true(strlen(member->name) > 0);
		assert_int_equal(strspn(member->name, "abcdefghijklmnopqrstuvwxyz_"),
		    strlen(member->name));
		assert_non_null(member->help);
		assert_non_null(api_type_names[member->type]);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_members),
	};

	return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
