/* Namespec: each form, with names that exist and that do not. */
#include "master/process/namespec.h"

#include "tests/unit/master/group_scene.h"

static void
test_resolve(void **state)
{
	struct scene *s = *state;
	struct group *g = add(s, "g", 1, "p:1 b:c:1"), *group;
	struct process *process, *p = group_process(g, "p");
	struct group *one = add(s, "one", 1, "one:1"), *empty = add(s, "none", 1, "");
	const struct {
		const char *spec;
		enum fault fault;
		struct group *group;
		struct process *process;
	} cases[] = {
		{ "g:p", FAULT_NONE, g, p },
		{ "g:*", FAULT_NONE, g, NULL },
		{ "g:", FAULT_NONE, g, NULL },
		{ "one", FAULT_NONE, one, group_process(one, "one") },
		{ "one:one", FAULT_NONE, one, group_process(one, "one") },
		{ "none:*", FAULT_NONE, empty, NULL },
		{ "none", FAULT_BAD_NAME, NULL, NULL },
		{ "g", FAULT_BAD_NAME, NULL, NULL },
		{ "g:q", FAULT_BAD_NAME, NULL, NULL },
		{ "g:p:", FAULT_BAD_NAME, NULL, NULL },
		{ "nope", FAULT_BAD_NAME, NULL, NULL },
		{ "nope:*", FAULT_BAD_NAME, NULL, NULL },
		{ "", FAULT_BAD_NAME, NULL, NULL },
		{ ":", FAULT_BAD_NAME, NULL, NULL },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		assert_int_equal(cases[i].fault,
		    namespec_resolve(s->groups, NULL, cases[i].spec, &group, &process));
		if (cases[i].fault != FAULT_NONE)
			continue;
		assert_ptr_equal(group, cases[i].group);
		assert_ptr_equal(process, cases[i].process);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_resolve, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
