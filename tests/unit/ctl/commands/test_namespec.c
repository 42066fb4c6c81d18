#include "ctl/commands/namespec.h"

#include "tests/unit/ctl/commands/rows.h"
#include "tests/unit/ctl/commands/words_are.h"

/* A word and its expansion. */
static const struct {
	const char *word, *want;
	bool pattern;
} expansions[] = {
	{ "web", "web|", false },
	{ "nobody", "nobody|", false },
	{ "web*", "web|web2|", true },
	{ "web?", "web2|", true },
	{ "[a-g]*", "g:one|g:web|", true },
	{ "[!a-z]*", "\xd0\xb8\xd0\xbc\xd1\x8f|", true },
	{ "???", "web|w*b|\xd0\xb8\xd0\xbc\xd1\x8f|", true },
	{ "\xd0\xb8*", "\xd0\xb8\xd0\xbc\xd1\x8f|", true },
	{ "it?s", "it's|", true },
	{ "g:*", "g:*|", false },
	{ "?:*", "g:one|g:web|", true },
	{ "*:web", "web|g:web|", true },
	{ "g:*e", "g:one|", true },
	{ "g:one:*", "g:one:*|", true },
	/* The name of a process is not a pattern; a pattern without matches stays. */
	{ "w*b", "w*b|", true },
	{ "z*", "z*|", true },
	{ "[", "[|", true },
	{ "[z", "[z|", true },
	{ "*", "web|web2|g:one|g:web|w*b|it's|\xd0\xb8\xd0\xbc\xd1\x8f|", true },
	{ "\xff*", "\xff*|", true },
};

static void
test_expand(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(expansions); i++) {
		struct words w;

		words_split(&w, expansions[i].word);
		if (namespec_has_pattern(&w, 0) != expansions[i].pattern)
			fail_msg("%s", expansions[i].word);
		namespec_expand(&w, 0, &rows_all);
		words_are(&w, expansions[i].want);
	}
}

/* Words before `first` are not expanded. */
static void
test_expand_from(void **state)
{
	struct words w;

	(void)state;
	words_split(&w, "web* web? all");
	assert_true(namespec_has_pattern(&w, 1));
	assert_false(namespec_has_pattern(&w, 2));
	namespec_expand(&w, 1, &rows_all);
	assert_true(w.all);
	words_are(&w, "web*|web2|all|");
}

static void
test_find(void **state)
{
	static const struct {
		const char *spec;
		const struct process_info *want;
	} cases[] = {
		{ "web", &rows_infos[0] }, { "web:web", &rows_infos[0] },
		{ "g:web", &rows_infos[3] }, { "w*b", &rows_infos[4] },
		{ "it's", &rows_infos[5] }, { "\xd0\xb8\xd0\xbc\xd1\x8f", &rows_infos[6] },
		{ "", NULL }, { ":", NULL }, { "g", NULL }, { "g:", NULL }, { "g:*", NULL },
		{ ":web", NULL }, { "g:one:two", NULL }, { "web ", NULL }, { "we", NULL },
		{ "WEB", NULL },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		if (namespec_find(cases[i].spec, &rows_all) != cases[i].want)
			fail_msg("'%s'", cases[i].spec);
}

/* A process or its whole group; words may also have "all". */
static void
test_means(void **state)
{
	static const struct {
		const char *spec;
		size_t row;
		bool means;
	} cases[] = {
		{ "web", 0, true }, { "web:web", 0, true }, { "web", 3, false },
		{ "g:web", 3, true }, { "g:*", 3, true }, { "g:", 2, true }, { "g", 2,
		    false },
		{ "g:*", 0, false }, { "we", 0, false }, { "webs", 0, false },
		{ "web:*", 0, true }, { "w*b", 4, true }, { "all", 0, false }, { "", 0,
		    false },
	};
	struct words w;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		if (namespec_means(cases[i].spec, rows_list[cases[i].row]) !=
		    cases[i].means)
			fail_msg("'%s' %zu", cases[i].spec, cases[i].row);
	words_split(&w, "web2 g:*");
	assert_true(namespec_any_means(&w, rows_list[1]));
	assert_true(namespec_any_means(&w, rows_list[2]));
	assert_false(namespec_any_means(&w, rows_list[0]));
	words_add(&w, "all");
	assert_true(namespec_any_means(&w, rows_list[0]));
	words_clear(&w);
	assert_false(namespec_any_means(&w, rows_list[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_expand_from),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
