#include "common/compiler.h"
#include "ctl/commands/show.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct text {
	char *data;
	size_t len;
	FILE *out;
};

static void
text_open(struct text *t)
{
	t->out = open_memstream(&t->data, &t->len);
	assert_non_null(t->out);
}

static void
text_is(struct text *t, const char *want)
{
	fclose(t->out);
	assert_string_equal(t->data, want);
	free(t->data);
}

static char group_web[] = "web", name_web[] = "web", group_g[] = "g";
static char name_wide[] = "\xc3\xa9\xc3\xa9", none[] = "", when[] = "Nov 22 04:12 PM";
static char long_name[] = "a-name-longer-than-thirty-characters";

static const struct show_style plain;

static const struct process_info running = { .id = 1, .group = group_web, .name = name_web,
	.state = PROCESS_RUNNING, .pid = 7832, .start = 1000, .spawnerr = none,
	.stopped_at = none, .stdout_logfile = none, .stderr_logfile = none };
static const struct process_info stopped = { .id = 2, .group = group_g, .name = name_wide,
	.state = PROCESS_STOPPED, .start = 1000, .stop = 1005, .spawnerr = none,
	.stopped_at = when, .stdout_logfile = none, .stderr_logfile = none };
static const struct process_info wide = { .id = 3, .group = group_g, .name = long_name,
	.state = PROCESS_STARTING, .spawnerr = none, .stopped_at = none,
	.stdout_logfile = none, .stderr_logfile = none };

static void
test_status_line(void **state)
{
	const struct process_info *rows[] = { &running, &stopped };
	struct text t;

	(void)state;
	text_open(&t);
	show_status(t.out, rows, 2, 1169, plain);
	text_is(&t,
	    "web                              RUNNING   pid 7832, uptime 0:02:49\n"
	    "g:\xc3\xa9\xc3\xa9                             STOPPED   Nov 22 04:12 PM\n");
}

static void
test_status_widens(void **state)
{
	const struct process_info *rows[] = { &running, &wide };
	struct text t;

	(void)state;
	text_open(&t);
	show_status(t.out, rows, 2, 1000, plain);
	text_is(&t,
	    "web                                      RUNNING   pid 7832, uptime 0:00:00\n"
	    "g:a-name-longer-than-thirty-characters   STARTING  \n");
}

/* The last exit of a process that does not run, on a terminal. */
static void
test_exits(void **state)
{
	static char early[] = "Exited too quickly";
	static const struct {
		struct process_info info;
		const char *line, *json;
	} cases[] = {
		{ { .state = PROCESS_FATAL, .stop = 5, .last_status = 3, .spawn = 4,
		    .last_spawn = 4, .verdict = VERDICT_EXITED_EARLY, .spawnerr = early },
		    "FATAL     Exited too quickly, exit status 3\n",
		    "\"exitstatus\": 3, \"last_exit\": \"exit status 3\"" },
		{ { .state = PROCESS_EXITED, .stop = 5, .last_status = -1, .exitstatus = -1,
		    .last_signal = 10, .spawnerr = none },
		    "EXITED    Nov 22 04:12 PM, killed by SIGUSR1\n",
		    "\"exitstatus\": -1, \"last_exit\": \"killed by SIGUSR1\"" },
		{ { .state = PROCESS_EXITED, .stop = 5, .last_status = -1, .exitstatus = -1,
		    .last_signal = 9, .last_reason = REASON_OUT_OF_MEMORY,
		    .spawnerr = none },
		    "EXITED    Nov 22 04:12 PM, killed by SIGKILL (out of memory)\n",
		    "\"exitstatus\": -1, "
		    "\"last_exit\": \"killed by SIGKILL (out of memory)\"" },
		/* It failed to start, or the exit was before this start. */
		{ { .state = PROCESS_BACKOFF, .stop = 5, .last_status = 3, .spawn = 4,
		    .last_spawn = 4, .verdict = VERDICT_SPAWN_FAILED, .spawnerr = early },
		    "BACKOFF   Exited too quickly\n",
		    "\"exitstatus\": null, \"last_exit\": \"exit status 3\"" },
		{ { .state = PROCESS_STARTING, .stop = 5, .last_status = 3,
		    .spawnerr = none },
		    "STARTING  \n", "\"exitstatus\": 0, \"last_exit\": \"exit status 3\"" },
		/* Unknown over XML-RPC, and none before the first exit. */
		{ { .state = PROCESS_FATAL, .stop = 5, .last_signal = -1,
		    .spawnerr = early },
		    "FATAL     Exited too quickly\n",
		    "\"exitstatus\": null, \"last_exit\": \"\"" },
		{ { .state = PROCESS_STOPPED, .spawnerr = none },
		    "STOPPED   Nov 22 04:12 PM\n",
		    "\"exitstatus\": 0, \"last_exit\": \"\"" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct process_info info = cases[i].info;
		const struct process_info *rows[] = { &info };
		struct text t;

		info.group = info.name = name_web;
		info.stopped_at = when;
		info.stdout_logfile = info.stderr_logfile = none;
		text_open(&t);
		show_status(t.out, rows, 1, 1000, (struct show_style){ .exits = true });
		fclose(t.out);
		assert_string_equal(t.data + 33, cases[i].line);
		free(t.data);
		text_open(&t);
		show_json(t.out, rows, 1, 1000, NULL);
		fclose(t.out);
		assert_non_null(strstr(t.data, cases[i].json));
		free(t.data);
	}
}

static void
test_status_of_nothing(void **state)
{
	struct text t;

	(void)state;
	text_open(&t);
	show_status(t.out, NULL, 0, 0, plain);
	text_is(&t, "");
}

static void
test_daemon(void **state)
{
	static char reason[] = "pid map is inconsistent";
	struct daemon_info d = { .state = DAEMON_RUNNING, .fatal_reason = none };
	struct text t;

	(void)state;
	text_open(&t);
	show_daemon(t.out, &d);
	d.state = DAEMON_SHUTDOWN;
	show_daemon(t.out, &d);
	d.state = DAEMON_FATAL;
	d.fatal_reason = reason;
	show_daemon(t.out, &d);
	text_is(&t,
	    "daemon state: SHUTDOWN\n"
	    "daemon state: FATAL, pid map is inconsistent\n");
}

/* NULL = no text, nothing printed. */
static const struct {
	enum fault fault;
	const char *lines[SHOW_ACTION_MAX];
	int codes[SHOW_ACTION_MAX];	/* if it was 0 before */
} outcomes[] = {
	{ FAULT_NONE, { "g:p: started\n", "g:p: stopped\n", "g:p: signalled\n",
	    "g:p: cleared\n" }, { 0, 0, 0, 0 } },
	{ FAULT_SUCCESS, { "g:p: started\n", "g:p: stopped\n", "g:p: signalled\n",
	    "g:p: cleared\n" }, { 0, 0, 0, 0 } },
	{ FAULT_BAD_NAME, { "g:p: ERROR (no such process)\n",
	    "g:p: ERROR (no such process)\n", "g:p: ERROR (no such process)\n",
	    "g:p: ERROR (no such process)\n" }, { 1, 1, 1, 1 } },
	{ FAULT_BAD_SIGNAL, { NULL, NULL, "g:p: ERROR (bad signal name)\n", NULL },
	    { 1, 1, 1, 1 } },
	{ FAULT_NO_FILE, { "g:p: ERROR (no such file)\n", NULL, NULL, NULL },
	    { 1, 1, 1, 1 } },
	{ FAULT_NOT_EXECUTABLE, { "g:p: ERROR (file is not executable)\n", NULL, NULL,
	    NULL }, { 1, 1, 1, 1 } },
	{ FAULT_FAILED, { NULL, "FAILED: why\n", "FAILED: why\n",
	    "g:p: ERROR (failed)\n" }, { 1, 1, 1, 1 } },
	{ FAULT_ABNORMAL_TERMINATION, { "g:p: ERROR (abnormal termination)\n", NULL, NULL,
	    NULL }, { 7, 7, 7, 7 } },
	{ FAULT_SPAWN_ERROR, { "g:p: ERROR (spawn error)\n", NULL, NULL, NULL },
	    { 7, 7, 7, 7 } },
	{ FAULT_ALREADY_STARTED, { "g:p: ERROR (already started)\n", NULL, NULL, NULL },
	    { 0, 1, 1, 1 } },
	{ FAULT_NOT_RUNNING, { NULL, "g:p: ERROR (not running)\n",
	    "g:p: ERROR (not running)\n", "g:p: ERROR (not running)\n" },
	    { 7, 0, 7, 0 } },
	{ FAULT_SHUTDOWN_STATE, { NULL, NULL, NULL, NULL }, { 1, 1, 1, 1 } },
};

static void
test_outcomes(void **state)
{
	struct text t;

	(void)state;
	for (size_t i = 0; i < nitems(outcomes); i++) {
		for (int a = 0; a < SHOW_ACTION_MAX; a++) {
			const char *want = outcomes[i].lines[a];
			text_open(&t);
			assert_int_equal(show_outcome(t.out, (enum show_action)a, "g", "p",
					     outcomes[i].fault, "FAILED: why"),
			    want != NULL);
			text_is(&t, want != NULL ? want : "");
			assert_int_equal(
			    show_exit((enum show_action)a, outcomes[i].fault, 0),
			    outcomes[i].codes[a]);
		}
	}
}

/* Success and ignored faults keep an earlier failure; the last failure counts. */
static void
test_exit_keeps(void **state)
{
	(void)state;
	assert_int_equal(show_exit(SHOW_START, FAULT_NONE, 7), 7);
	assert_int_equal(show_exit(SHOW_START, FAULT_ALREADY_STARTED, 1), 1);
	assert_int_equal(show_exit(SHOW_STOP, FAULT_BAD_NAME, 7), 1);
}

static void
test_columns(void **state)
{
	static const char *const names[] = { "a", "thirty-characters-are-in-a-name",
		"b", "another-one-with-many-letters", "c", "d" };
	static const char *const wider[] = { "a", "thirty-characters-are-in-a-name",
		"b", "another-one-with-many-letters", "c", "dd-and-m" };
	struct text t;

	(void)state;
	text_open(&t);
	show_columns(t.out, names, 2);
	show_columns(t.out, names, nitems(names));
	show_columns(t.out, wider, nitems(wider));
	text_is(&t,
	    "a  thirty-characters-are-in-a-name\n"
	    "a  thirty-characters-are-in-a-name  b  another-one-with-many-letters  c  d\n"
	    "a                                b                              c       \n"
	    "thirty-characters-are-in-a-name  another-one-with-many-letters  dd-and-m\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_line),
		cmocka_unit_test(test_status_widens),
		cmocka_unit_test(test_exits),
		cmocka_unit_test(test_status_of_nothing),
		cmocka_unit_test(test_daemon),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_exit_keeps),
		cmocka_unit_test(test_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
