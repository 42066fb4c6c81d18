/* Metrics: what is written of programs, calls, pools and listeners, and for whom. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "rpcd/metrics/metrics.h"
#include "rpcd/metrics/text.h"

#define T(text) ((char *)(uintptr_t)(text))
#define NOW 1000

/* The stats of the process 3, in the place of rpcd/stats.c. */
static const struct process_stats *sample;

const struct process_stats *
stats_find(const struct stats *stats UNUSED, uint64_t id)
{
	return id == 3 ? sample : NULL;
}

static const struct process_info web = {
	.id = 3, .group = T("g"), .name = T("web"), .state = PROCESS_RUNNING,
	.start = 900, .restarts = 4, .ready = true, .last_signal = -1 };
static const struct process_info job = {
	.id = 1, .group = T("j"), .name = T("job"), .state = PROCESS_EXITED,
	.start = 500, .stop = 600, .last_status = 7, .exitstatus = 7 };
static const struct process_info killed = {
	.id = 2, .group = T("k"), .name = T("killed"), .state = PROCESS_FATAL,
	.start = 500, .stop = 600, .last_signal = 9, .last_status = -1, .exitstatus = -1 };

/* What is written to whoever sees this much; freed by the next call. */
static const char *
text_of(const struct metrics *m)
{
	static char *text;
	struct buf out;

	free(text);
	text = NULL;
	if (m == NULL)
		return NULL;
	buf_init(&out, 0);
	metrics_write(&out, m);
	text = buf_steal(&out);
	return text;
}

static void
has(const char *text, const char *line)
{
	const char *found = strstr(text, line);

	if (found == NULL || found[strlen(line)] != '\n' || found[-1] != '\n')
		fail_msg("no line %s in\n%s", line, text);
}

static void
lacks(const char *text, const char *part)
{
	const char *found = strstr(text, part);

	if (found != NULL)
		fail_msg("%s: %.200s", part, found);
}

static size_t
count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		count++;
	return count;
}

static void
test_programs(void **state)
{
	const struct process_info *rows[] = { &web, &job, &killed };
	const struct mirror mirror = { .rows = rows, .count = nitems(rows) };
	struct process_stats stats = { 3, 9, 2, 1250, 0, 4096, STATS_UNKNOWN, 5, 6 };
	struct stats *any = (struct stats *)&stats;
	struct metrics m = {
		.mirror = &mirror, .grant = grant_of_role(ROLE_STATES), .now = NOW,
		.stats = any };
	const char *text;

	(void)state;
	sample = &stats;
	text = text_of(&m);
	has(text, "supervisord_up 0"); /* without figures */
	has(text, "reeve_processes{state=\"RUNNING\"} 1");
	has(text, "reeve_processes{state=\"STOPPED\"} 0");
	has(text, "reeve_process_state{name=\"web\",group=\"g\"} 20");
	has(text, "reeve_process_state{name=\"killed\",group=\"k\"} 200");
	has(text, "reeve_process_ready{name=\"web\",group=\"g\"} 1");
	has(text, "reeve_process_restarts_total{name=\"web\",group=\"g\"} 4");
	has(text, "reeve_process_start_time_seconds{name=\"web\",group=\"g\"} 900");
	has(text, "supervisor_process_uptime{name=\"web\",group=\"g\"} 100");
	has(text, "reeve_process_cpu_seconds_total{name=\"web\",group=\"g\"} 1.25");
	has(text, "reeve_process_resident_memory_bytes{name=\"web\",group=\"g\"} 4096");
	has(text, "reeve_process_processes{name=\"web\",group=\"g\"} 2");
	has(text,
	    "reeve_process_log_bytes_total{name=\"web\",group=\"g\",stream=\"stdout\"} 5");
	has(text,
	    "reeve_process_log_bytes_total{name=\"web\",group=\"g\",stream=\"stderr\"} 6");
	has(text,
	    "supervisor_process_info{name=\"web\",group=\"g\",state=\"RUNNING\","
	    "exit_status=\"0\"} 1");
	has(text,
	    "supervisor_process_info{name=\"killed\",group=\"k\",state=\"FATAL\","
	    "exit_status=\"-1\"} 0");
	has(text, "reeve_process_last_exit_status{name=\"job\",group=\"j\"} 7");
	has(text, "reeve_process_last_exit_signal{name=\"job\",group=\"j\"} 0");
	has(text, "reeve_process_last_exit_signal{name=\"killed\",group=\"k\"} 9");
	has(text, "node_supervisord_up{name=\"job\",group=\"j\"} 0");
	/* What is not known is absent. */
	lacks(text, "reeve_process_open_fds{");
	lacks(text, "reeve_process_last_exit_status{name=\"killed\"");
	lacks(text, "reeve_process_last_exit_status{name=\"web\"");
	lacks(text, "reeve_process_last_exit_signal{name=\"web\"");
	lacks(text, "reeve_process_start_time_seconds{name=\"job\"");
	lacks(text, "supervisor_process_uptime{name=\"job\"");
	lacks(text, "reeve_process_cpu_seconds_total{name=\"job\"");
	assert_int_equal(count_of(text, "# TYPE reeve_process_log_bytes_total "), 1);
	m.stats = NULL;
	lacks(text_of(&m), "reeve_process_cpu_seconds_total{");
}

/* The clock may be behind the start of a program. */
static void
test_uptime(void **state)
{
	const struct process_info *rows[] = { &web };
	const struct mirror mirror = {
		.rows = rows, .count = 1, .daemon = { .start = 950 }
	};
	const struct metrics m = {
		.mirror = &mirror, .grant = grant_of_role(ROLE_STATES), .now = 800 };
	const char *text = text_of(&m);

	(void)state;
	has(text, "supervisor_process_uptime{name=\"web\",group=\"g\"} 0");
	has(text, "reeve_daemon_uptime_seconds 0");
}

/* While a group is replaced, both have a row; the newer one has the samples. */
static void
test_two_of_a_name(void **state)
{
	struct process_info newer = web, newest = web;
	const struct process_info *rows[] = { &web, &newer, &newest, &job };
	const struct mirror mirror = { .rows = rows, .count = nitems(rows) };
	const struct metrics m = {
		.mirror = &mirror, .grant = grant_of_role(ROLE_STATES), .now = NOW };
	const char *text;

	(void)state;
	newer.id = 4;
	newer.state = PROCESS_STOPPED;
	newest.id = 5;
	newest.state = PROCESS_STARTING;
	text = text_of(&m);
	has(text, "reeve_process_state{name=\"web\",group=\"g\"} 10");
	assert_int_equal(count_of(text, "reeve_process_state{name=\"web\""), 1);
	assert_int_equal(count_of(text, "supervisor_process_info{name=\"web\""), 1);
	assert_int_equal(count_of(text, "reeve_process_state{"), 2);
}

/* Pools and programs of a caller who sees the group g. */
static void
test_rights(void **state)
{
	static const char *const programs[] = { "g", NULL };
	const struct grant_source source = { "bob", ROLE_STATES, programs, NULL, NULL };
	const struct process_info *rows[] = { &web, &job };
	const struct mirror mirror = { .rows = rows, .count = nitems(rows) };
	struct figures_pool pools[] = { { T("g"), 1, 2 }, { T("j"), 3, 4 } };
	const struct figures_list figures = { pools, nitems(pools), 5 };
	struct metrics m = { .mirror = &mirror, .grant = grant_of_role(ROLE_STATES),
		.now = NOW, .figures = &figures };
	struct grant *grant = grant_new(&source);
	const char *text = text_of(&m);

	(void)state;
	has(text, "supervisord_up 1");
	has(text, "reeve_frontend_restarts_total 5");
	has(text, "reeve_event_queue_length{pool=\"j\"} 3");
	has(text, "reeve_events_dropped_total{pool=\"j\"} 4");
	m.grant = grant;
	text = text_of(&m);
	has(text, "reeve_event_queue_length{pool=\"g\"} 1");
	has(text, "reeve_processes{state=\"EXITED\"} 0");
	lacks(text, "\"j\"");
	grant_unref(grant);
}

static void
test_calls_and_listeners(void **state)
{
	const struct mirror mirror = { .daemon = { .identifier = T("a\"b") } };
	const int codes[] = { 401, 0 };
	const uint64_t refused[] = { 6, 7 };
	const struct metrics_listener listener = { "s", 1, 2, 3, codes, refused, 2 };
	struct timings *timings = xcalloc(1, sizeof(*timings));
	const struct metrics m = { .mirror = &mirror, .grant = grant_of_role(ROLE_STATES),
		.timings = timings, .listeners = &listener, .nlisteners = 1 };
	const char *text;

	(void)state;
	timings_add(timings, api_nth(0), 2, 700, true);
	timings_add(timings, api_nth(0), 1, INT64_C(90000000), false);
	text = text_of(&m);
	has(text, "reeve_info{version=\"" REEVE_VERSION "\",identifier=\"a\\\"b\"} 1");
	has(text, "reeve_http_connections{listener=\"s\"} 1");
	has(text, "reeve_http_streams{listener=\"s\",kind=\"log\"} 2");
	has(text, "reeve_http_streams{listener=\"s\",kind=\"events\"} 3");
	has(text, "reeve_http_refused_requests_total{listener=\"s\",code=\"401\"} 6");
	has(text, "reeve_http_refused_requests_total{listener=\"s\",code=\"other\"} 7");
	assert_int_equal(count_of(text, "_bucket{"), TIMINGS_BOUNDS + 1);
	assert_int_equal(count_of(text, "le=\"0.0005\"} 0\n"), 1);
	assert_int_equal(count_of(text, "le=\"0.001\"} 2\n"), 1);
	assert_int_equal(count_of(text, "le=\"60\"} 2\n"), 1);
	assert_int_equal(count_of(text, "le=\"+Inf\"} 3\n"), 1);
	assert_int_equal(count_of(text, "reeve_rpc_duration_seconds_sum"), 1);
	assert_non_null(strstr(text, "\"} 90.0014\n"));
	assert_int_equal(count_of(text, "reeve_rpc_faults_total{"), 1);
	free(timings);
}

/* Each metric once, and no name twice. */
static void
test_names(void **state)
{
	static const struct metric *(*const lists[])(size_t) = {
		metrics_nth, metrics_program_nth, metrics_rpc_nth };
	const struct mirror mirror = { .count = 0 };
	const struct metrics m = {
		.mirror = &mirror, .grant = grant_of_role(ROLE_STATES) };
	struct timings *timings = xcalloc(1, sizeof(*timings));
	struct metrics with = m;
	const char *text;

	(void)state;
	with.timings = timings;
	text = text_of(&with);
	for (size_t i = 0; i < nitems(lists); i++) {
		for (size_t n = 0; lists[i](n) != NULL; n++) {
			char *type = xasprintf("# TYPE %s ", lists[i](n)->name);

			assert_int_equal(count_of(text, type), 1);
			free(type);
		}
		assert_true(i == 3 || lists[i](0) != NULL);
	}
	free(timings);
	(void)text_of(NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_uptime),
		cmocka_unit_test(test_two_of_a_name),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_calls_and_listeners),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
