/* Stop wait: the text at several times of a stop. */
#include "ctl/commands/stop_wait.h"

#include "common/compiler.h"
#include "common/mem.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char web[] = "web", w0[] = "w0", w1[] = "w1", cat[] = "cat",
	    wide[] =
		"a-name-of-more-than-forty-bytes-is-cut-th\xc3\xa9re-and-not-elsewhere";

static struct process_info infos[] = {
	{ .group = web, .name = w0 }, { .group = web, .name = w1 },
	{ .group = cat, .name = cat }, { .group = wide, .name = wide },
};

static const struct process_info *const list[] = { &infos[0], &infos[1], &infos[2],
	&infos[3] };
static const struct server_rows rows = { .list = list, .count = nitems(list) };

static struct stop_wait *
begin(struct words *names, const char *text, const char *config)
{
	json_t *json = json_loads(config, 0, NULL);
	struct stop_wait *w;

	words_split(names, text);
	w = stop_wait_new(json, names);
	json_decref(json);
	return w;
}

static void
set_states(
    enum process_state a, enum process_state b, enum process_state c, enum process_state d)
{
	const enum process_state states[] = { a, b, c, d };

	for (size_t i = 0; i < nitems(states); i++)
		infos[i].state = states[i];
}

static void
now_is(struct stop_wait *w, int64_t ms, const char *want)
{
	char *got = stop_wait_now(w, &rows, ms);

	if (want == NULL)
		assert_null(got);
	else
		assert_string_equal(got, want);
	free(got);
}

#define CONFIG "[{\"group\":\"web\",\"name\":\"w0\",\"stopwaitsecs\":10}," \
	"{\"group\":\"web\",\"name\":\"w1\",\"stopwaitsecs\":3}," \
	"{\"group\":\"cat\",\"name\":\"cat\",\"stopwaitsecs\":9000000000000000}, {}, 7]"

static void
test_now(void **state)
{
	struct words names;
	struct stop_wait *w = begin(&names, "web:* cat", CONFIG);

	(void)state;
	set_states(PROCESS_RUNNING, PROCESS_RUNNING, PROCESS_RUNNING, PROCESS_STOPPING);
	now_is(w, 1000, NULL);
	infos[0].state = PROCESS_STOPPING;
	now_is(w, 2000, "waiting for web:w0, SIGKILL in 10 s");
	now_is(w, 2001, "waiting for web:w0, SIGKILL in 10 s");
	now_is(w, 3000, "waiting for web:w0, SIGKILL in 9 s");
	infos[1].state = PROCESS_STOPPING;
	now_is(w, 4000, "waiting for web:w0 and 1 more, SIGKILL in 3 s");
	now_is(w, 7000, "waiting for web:w0 and 1 more, SIGKILL is due");
	infos[1].state = PROCESS_STOPPED;
	now_is(w, 11000, "waiting for web:w0, SIGKILL in 1 s");
	now_is(w, 12000, "waiting for web:w0, SIGKILL is due");
	infos[0].state = PROCESS_STOPPED;
	infos[2].state = PROCESS_STOPPING;
	now_is(w, 13000, "waiting for cat");
	infos[2].state = PROCESS_STOPPED;
	now_is(w, 14000, NULL);
	stop_wait_free(w);
	words_clear(&names);
}

static void
test_unknown(void **state)
{
	struct words names;
	struct stop_wait *w = begin(&names, "all", "null");

	(void)state;
	set_states(PROCESS_STOPPED, PROCESS_STOPPED, PROCESS_STOPPED, PROCESS_STOPPING);
	now_is(w, 1, "waiting for a-name-of-more-than-forty-bytes-is-cut-t");
	stop_wait_free(w);
	words_clear(&names);
	stop_wait_free(NULL);
}

static void
test_ahead(void **state)
{
	static const struct {
		const char *names, *want;
	} cases[] = {
		{ "web:w1", "waiting for web:w1, SIGKILL after 3 s" },
		{ "web:*", "waiting for web:w0 and 1 more, SIGKILL after at most 10 s" },
		{ "cat nope", NULL },
		{ "", NULL },
	};

	(void)state;
	set_states(PROCESS_RUNNING, PROCESS_BACKOFF, PROCESS_STOPPED, PROCESS_FATAL);
	for (size_t i = 0; i < nitems(cases); i++) {
		struct words names;
		struct stop_wait *w = begin(&names, cases[i].names, CONFIG);
		char *got = stop_wait_ahead(w, &rows);

		if (cases[i].want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, cases[i].want);
		free(got);
		stop_wait_free(w);
		words_clear(&names);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_now),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
