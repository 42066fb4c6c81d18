/* Advice: the probable meaning of unknown names and commands. */
#include "ctl/commands/advice.h"

#include "tests/unit/ctl/commands/rows.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char worker[] = "worker", worker0[] = "worker_00", worker1[] = "worker_01",
	    cat[] = "cat";

static const struct process_info infos[] = {
	{ .group = worker, .name = worker0 },
	{ .group = worker, .name = worker1 },
	{ .group = cat, .name = cat },
};

static const struct process_info *const list[] = { &infos[0], &infos[1], &infos[2] };
static const struct server_rows all = { .list = list, .count = nitems(list) };

static void
test_names(void **state)
{
	static const struct {
		enum advice_about about;
		const char *spec, *want;
	} rows[] = {
		{ ADVICE_PROCESSES, "worker", "worker:*" },
		{ ADVICE_PROCESSES, "worker_01", "worker:worker_01" },
		{ ADVICE_PROCESSES, "worker:worker", "worker:*" },
		{ ADVICE_PROCESSES, "cat:*", "cat:*" },
		{ ADVICE_PROCESSES, "worker_01:*", "worker:worker_01" },
		{ ADVICE_PROCESSES, "x:worker_00", "worker:worker_00" },
		{ ADVICE_PROCESSES, "worker:cat", "cat" },
		{ ADVICE_PROCESSES, "worker:worker_0", "worker:worker_00" },
		{ ADVICE_PROCESSES, "worker:01", "worker:*" },
		{ ADVICE_PROCESSES, "workr:*", "worker:*" },
		{ ADVICE_PROCESSES, "CAT", "cat" },
		{ ADVICE_PROCESSES, "cta", "cat" },
		{ ADVICE_PROCESSES, "dog", NULL },
		{ ADVICE_PROCESSES, "c", NULL },
		{ ADVICE_PROCESSES, "", NULL },
		{ ADVICE_PROCESSES, ":", NULL },
		{ ADVICE_PROCESSES, "\xff\xfe", NULL },
		{ ADVICE_ONE_PROCESS, "worker", "worker:worker_00" },
		{ ADVICE_ONE_PROCESS, "worker:*", "worker:worker_00" },
		{ ADVICE_ONE_PROCESS, "worker_01", "worker:worker_01" },
		{ ADVICE_ONE_PROCESS, "workr:*", NULL },
		{ ADVICE_GROUPS, "worker:*", "worker" },
		{ ADVICE_GROUPS, "worker_01", "worker" },
		{ ADVICE_GROUPS, "workers", "worker" },
		{ ADVICE_GROUPS, "newone", "new_one" },
	};
	struct words more = { 0 };

	(void)state;
	words_add(&more, "new_one");
	for (size_t i = 0; i < nitems(rows); i++) {
		char *got = advice_name(rows[i].spec, rows[i].about, &all,
		    rows[i].about == ADVICE_GROUPS ? &more : NULL);

		if (rows[i].want == NULL ? got != NULL :
					   got == NULL || strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].spec, got != NULL ? got : "nothing");
		free(got);
	}
	words_clear(&more);
}

static void
test_nearest(void **state)
{
	static const char *const rows[][2] = {
		{ "stat", "status" }, { "stats", "status" }, { "statsu", "status" },
		{ "STOP", "stop" },
		{ "rest", "restart" }, { "re-start", "restart" }, { "sto", "stop" },
		{ "halt", NULL }, { "s", NULL }, { "", NULL }, { "st", NULL },
	};
	struct words known;
	char long_word[2000];

	(void)state;
	words_split(&known, "restart start status stop");
	for (size_t i = 0; i < nitems(rows); i++) {
		char *got = advice_nearest(rows[i][0], &known);

		if (rows[i][1] == NULL ? got != NULL :
					 got == NULL || strcmp(got, rows[i][1]) != 0)
			fail_msg("%s: %s", rows[i][0], got != NULL ? got : "nothing");
		free(got);
	}
	memset(long_word, 's', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_null(advice_nearest(long_word, &known));
	words_add(&known, long_word);
	assert_null(advice_nearest("sssssssss", &known));
	words_clear(&known);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
