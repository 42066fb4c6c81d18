/* Api: the tables of methods and members hold together. */
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
	}
}

static void
test_supervisor_methods(void **state)
{
	(void)state;
	for (size_t i = 0; i < API_SUPERVISOR_METHODS; i++) {
		const struct api_method *method = &api_supervisor_methods[i];

		assert_true(strncmp(method->name, "supervisor.", 11) == 0 ||
		    strncmp(method->name, "system.", 7) == 0);
		if (i > 0)
			assert_true(strcmp(method[-1].name, method->name) < 0);
		assert_non_null(method->signature);
		assert_non_null(method->help);
		assert_true(method->role > ROLE_NONE && method->role < ROLE_MAX);
	}
}

/* Commands that methods send are allowed for reeve-rpcd and require the same role. */
static void
test_commands(void **state)
{
	const struct api_method *method;

	(void)state;
	for (size_t i = 0; (method = api_nth(i)) != NULL; i++) {
		const struct cmd *cmd = &cmd_table[method->cmd];

		assert_ptr_equal(api_find(method->name), method);
		if (method->cmd == CMD_HELLO)
			continue;
		assert_int_equal(cmd->role, method->role);
		assert_true(cmd->flags & CMD_RPCD);
	}
	assert_null(api_find("supervisor."));
	assert_null(api_find("reeve.getState"));
	assert_null(api_find(""));
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
		cmocka_unit_test(test_supervisor_methods),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_members),
	};

	return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
