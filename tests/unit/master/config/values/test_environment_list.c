/* Environment list: the cases, with the results of Python's shlex, are in
 * tests/data/environment_list. */
#include "master/config/values/environment_list.h"
#include "tests/unit/master/scratch.h"

static void
check(void *ctx, char *input, char *want)
{
	struct environment list = { NULL, 0 };
	char *why = NULL, got[8192];

	(void)ctx;
	if (environment_list_parse(input, &list, &why) == 0) {
		assert_null(why);
		strcpy(got, "OK ");
		for (size_t i = 0; i < list.count; i++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s=%s|",
			    list.items[i].name, list.items[i].value);
	} else {
		snprintf(got, sizeof(got), "ER %s", why);
	}
	if (strcmp(got, want) != 0)
		fail_msg("<%s> became <%s> instead of <%s>", input, got, want);
	free(why);
	environment_list_clear(&list);
}

static void
test_python(void **state)
{
	(void)state;
	assert_true(scratch_cases("tests/data/environment_list/cases", check, NULL) > 250);
}

static void
test_print_reads_back(void **state)
{
	struct environment list = { NULL, 0 }, copy = { NULL, 0 };
	char *text, *why = NULL;

	(void)state;
	environment_list_set(&list, "A", "two words, \"quoted\" \\ and 'single'");
	environment_list_set(&list, "odd name", "");
	environment_list_set(&list, "", "\n\t=");
	text = environment_list_print(&list);
	assert_int_equal(environment_list_parse(text, &copy, &why), 0);
	assert_int_equal(copy.count, 3);
	assert_true(environment_list_equal(&list, &copy));
	free(text);
	environment_list_set(&copy, "", "other");
	assert_int_equal(copy.count, 3);
	assert_false(environment_list_equal(&list, &copy));
	environment_list_clear(&list);
	environment_list_clear(&copy);
}

static void
test_merge(void **state)
{
	struct environment list = { NULL, 0 }, more = { NULL, 0 };
	char *text;

	(void)state;
	environment_list_set(&list, "A", "1");
	environment_list_set(&list, "B", "2");
	environment_list_set(&more, "C", "3");
	environment_list_set(&more, "A", "4");
	environment_list_merge(&list, &more);
	text = environment_list_print(&list);
	assert_string_equal(text, "A=\"4\",B=\"2\",C=\"3\"");
	assert_string_equal(environment_list_get(&list, "C"), "3");
	assert_null(environment_list_get(&list, "D"));
	assert_false(environment_list_equal(&list, &more));
	free(text);
	environment_list_clear(&list);
	environment_list_clear(&more);
	assert_int_equal(list.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_python),
		cmocka_unit_test(test_print_reads_back),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
