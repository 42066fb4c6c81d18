/* Expand: the cases, with Python's results, are in tests/data/expand. */
#include "master/config/values/expand.h"
#include "tests/unit/master/scratch.h"

static struct expand_names *
names_new(void)
{
	struct expand_names *names = expand_names_new(NULL);

	expand_set(names, "here", "/h\xc3\xa9");
	expand_set(names, "a(b)", "P");
	expand_set_number(names, "n", -42);
	expand_set_number(names, "m", 7);
	return names;
}

static void
check(void *ctx, char *input, char *want)
{
	char *error = NULL, *text, *got = NULL;

	text = expand_text(input, ctx, "w", &error);
	assert_true((text == NULL) == (error != NULL));
	assert_true(asprintf(&got, "%s %s", text != NULL ? "OK" : "ER",
			text != NULL ? text : error) > 0);
	if (strcmp(got, want) != 0)
		fail_msg("<%s> became <%s> instead of <%s>", input, got, want);
	free(got);
	free(text);
	free(error);
}

static void
test_python(void **state)
{
	struct expand_names *names = names_new();

	(void)state;
	assert_true(scratch_cases("tests/data/expand/cases", check, names) > 200);
	expand_names_free(names);
}

/* Where Python would show all names and values at once there is an error. */
static void
test_without_name(void **state)
{
	struct expand_names *names = names_new();
	const char *const texts[] = { "%s", "a%r", "%5s", "%a" };
	char *error;

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++) {
		error = NULL;
		assert_null(expand_text(texts[i], names, "w", &error));
		assert_non_null(strstr(error, "not enough arguments for format string"));
		free(error);
	}
	expand_names_free(names);
}

static void
test_width_is_bounded(void **state)
{
	struct expand_names *names = names_new();
	char *error = NULL, *text = expand_text("%(m)65536d", names, "w", &error);

	(void)state;
	assert_non_null(text);
	assert_int_equal(strlen(text), 65536);
	free(text);
	assert_null(expand_text("%(m)65537d", names, "w", &error));
	assert_non_null(strstr(error, "width too big"));
	free(error);
	assert_null(expand_text("%(m).99999999999999999999d", names, "w", &error));
	assert_non_null(strstr(error, "precision too big"));
	free(error);
	expand_names_free(names);
}

/* A name is looked up in the nearest parent; a list of names has each once. */
static void
test_parents(void **state)
{
	struct expand_names *outer = names_new(), *inner = expand_names_new(outer);
	char *error = NULL, *text;

	(void)state;
	expand_set(inner, "m", "mine");
	expand_set_env(inner, "X", "1");
	expand_set_env(inner, "X", "2");
	text = expand_text("%(m)s %(n)s %(ENV_X)s", inner, "w", &error);
	assert_string_equal(text, "mine -42 2");
	free(text);
	assert_null(expand_text("%(q)s", inner, "w", &error));
	assert_non_null(strstr(error, "Available names: ENV_X, a(b), here, m, n"));
	free(error);
	expand_names_free(inner);
	expand_names_free(outer);
	expand_names_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_python),
		cmocka_unit_test(test_without_name),
		cmocka_unit_test(test_width_is_bounded),
		cmocka_unit_test(test_parents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
