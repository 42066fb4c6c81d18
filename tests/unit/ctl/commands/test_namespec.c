#include "ctl/commands/namespec.h"

#include "tests/unit/ctl/commands/rows.h"

#include "common/buf.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The words are these, between bars; clears them. */
static void
words_are(struct words *w, const char *want)
{
	struct buf text;

	buf_init(&text, 0);
	for (size_t i = 0; i < w->count; i++)
		assert_int_equal(buf_printf(&text, "%s|", w->list[i]), 0);
	assert_int_equal(buf_append(&text, "", 1), 0);
	assert_string_equal(buf_data(&text), want);
	buf_clear(&text);
	words_clear(w);
	assert_int_equal(w->count, 0);
}

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
test_take_and_shift(void **state)
{
	struct words w;

	(void)state;
	words_split(&w, "--json a --json all --json");
	assert_true(words_take(&w, "--json"));
	assert_false(words_take(&w, "--json"));
	assert_true(w.all);
	assert_true(words_take(&w, "all"));
	assert_false(w.all);
	words_shift(&w);
	words_shift(&w);
	words_are(&w, "");
	words_split(&w, "all all b");
	words_shift(&w);
	assert_true(w.all);
	words_shift(&w);
	assert_false(w.all);
	words_are(&w, "b|");
}

/* A word, and what becomes of it. */
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
	/* A process's own name is no pattern, and what matches none stays. */
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

/* The words before the first are none of it. */
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_take_and_shift),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_expand_from),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
