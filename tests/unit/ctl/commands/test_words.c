#include "ctl/commands/words.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "tests/unit/ctl/commands/words_are.h"

static void
test_split(void **state)
{
	static const struct {
		const char *text, *want;
		bool all;
	} cases[] = {
		{ "", "", false },
		{ " \t\r\n\v\f ", "", false },
		{ "a", "a|", false },
		{ "  a\tb \n c\r", "a|b|c|", false },
		{ "all", "all|", true },
		{ "a all b", "a|all|b|", true },
		{ "All all: g:all 'all'", "All|all:|g:all|'all'|", false },
		{ "\"a b\" it's \\ ", "\"a|b\"|it's|\\|", false },
		{ "\xd0\xb8\xd0\xbc \xff", "\xd0\xb8\xd0\xbc|\xff|", false },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct words w;

		words_split(&w, cases[i].text);
		assert_int_equal(w.all, cases[i].all);
		words_are(&w, cases[i].want);
	}
}

static void
test_take_and_drop(void **state)
{
	struct words w;

	(void)state;
	words_split(&w, "--json a --json all --json");
	assert_true(words_take(&w, "--json"));
	assert_false(words_take(&w, "--json"));
	assert_true(w.all);
	assert_true(words_take(&w, "all"));
	assert_false(w.all);
	words_drop(&w, 0);
	words_drop(&w, 0);
	words_are(&w, "");
	words_split(&w, "all all b");
	words_drop(&w, 0);
	assert_true(w.all);
	words_drop(&w, 0);
	assert_false(w.all);
	words_are(&w, "b|");
}

/* Words from the same typed word are consecutive. */
static void
test_run_and_join(void **state)
{
	struct words w;
	char *text;

	(void)state;
	words_split(&w, "a b");
	words_add_from(&w, "c", 1);
	words_add_from(&w, "d", 1);
	assert_int_equal(words_run(&w, 0), 1);
	assert_int_equal(words_run(&w, 1), 3);
	assert_int_equal(words_run(&w, 2), 2);
	text = words_join(&w, 1, 3, ", ");
	assert_string_equal(text, "b, c, d");
	free(text);
	text = words_join(&w, 0, 0, ", ");
	assert_string_equal(text, "");
	free(text);
	assert_true(words_have(&w, "d"));
	assert_false(words_have(&w, "e"));
	words_drop(&w, 4);
	words_are(&w, "a|b|c|d|");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_take_and_drop),
		cmocka_unit_test(test_run_and_join),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
