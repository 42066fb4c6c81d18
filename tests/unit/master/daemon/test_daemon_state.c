/* Daemon state: the changes from one state to another. */
#include "tests/unit/master/daemon/daemon_world.h"

static void
test_restart_and_shutdown(void **state)
{
	struct scene *s = *state;

	activate(s, "a", 1, "x:1");
	start(s, "a:x");
	assert_true(daemon_state_restart(s->daemon));
	assert_true(daemon_state_restart(s->daemon));
	assert_turn(s, "state RESTARTING\nkill 100 15\nINFO waiting for x to die\n");
	daemon_state_shutdown(s->daemon);
	daemon_state_shutdown(s->daemon);
	assert_turn(s, "state SHUTDOWN\n"); /* no process is signalled twice */
	assert_false(daemon_state_restart(s->daemon));
	assert_int_equal(daemon_state_get(s->daemon), DAEMON_SHUTDOWN);
	process_reaped(process(s, "a:x"), 0);
	assert_turn(s, "INFO stopped: x (exit status 0)\nall stopped\n");
	daemon_state_shutdown(s->daemon);
	assert_turn(s, "");
}

static void
test_fatal(void **state)
{
	struct scene *s = *state;

	activate(s, "a", 1, "x:1");
	start(s, "a:x");
	assert_string_equal(daemon_state_reason(s->daemon), "");
	daemon_state_break(s->daemon, "two pids are one");
	assert_turn(s,
	    "CRIT broken invariant: two pids are one\n"
	    "CRIT entering FATAL state: nothing is started or restarted, children are left "
	    "alone\nstate FATAL\n");
	assert_int_equal(daemon_state_get(s->daemon), DAEMON_FATAL);
	assert_true(daemon_state_is_stopping(s->daemon));
	assert_string_equal(daemon_state_reason(s->daemon), "two pids are one");
	daemon_state_break(s->daemon, "and another");
	assert_turn(s, "CRIT broken invariant: and another\n");
	assert_string_equal(daemon_state_reason(s->daemon), "two pids are one");
	assert_true(daemon_state_restart(s->daemon));
	assert_string_equal(daemon_state_reason(s->daemon), "");
	assert_turn(s, "state RESTARTING\nstop by pid\n");
	/* The daemon state does not wait for this process any more. */
	daemon_state_shutdown(s->daemon);
	process_reaped(process(s, "a:x"), 0);
	daemon_state_break(s->daemon, "third");
	assert_turn(s,
	    "state SHUTDOWN\nWARN exited: x (exit status 0; not expected)\n"
	    "CRIT broken invariant: third\n");
}

static void
test_shutdown_in_fatal(void **state)
{
	struct scene *s = *state;

	daemon_state_break(s->daemon, "x");
	free(recorder_take(&s->recorder));
	daemon_state_shutdown(s->daemon);
	assert_turn(s, "state SHUTDOWN\nstop by pid\n");
	assert_false(daemon_state_restart(s->daemon));
}

static void
test_broken_in_shutdown(void **state)
{
	struct scene *s = *state;

	activate(s, "a", 1, "x:1");
	start(s, "a:x");
	daemon_state_shutdown(s->daemon);
	assert_turn(s, "state SHUTDOWN\nkill 100 15\nINFO waiting for x to die\n");
	daemon_state_break(s->daemon, "lost count");
	assert_lines(s, "CRIT broken invariant: lost count\nstop by pid\n");
	assert_int_equal(daemon_state_get(s->daemon), DAEMON_SHUTDOWN);
	recorder_tick(&s->recorder, 5000);
	assert_turn(s, "");
}

static void
test_resume(void **state)
{
	struct scene *s = *state;
	struct daemon_state_record *record = daemon_state_record(s->daemon);

	activate(s, "a", 1, "x:1");
	start(s, "a:x");
	assert_int_equal(record->state, DAEMON_RUNNING);
	assert_int_equal(record->reported_ms, -1);
	assert_true(daemon_state_resume(s->daemon));
	assert_turn(s, "");

	assert_int_equal(daemon_state_start(s->daemon), RECORDER_WALL / 1000);
	*record = (struct daemon_state_record){ DAEMON_FATAL, strdup("why"), false, -1, 5 };
	assert_int_equal(daemon_state_start(s->daemon), 5);
	assert_true(daemon_state_resume(s->daemon));
	assert_string_equal(daemon_state_reason(s->daemon), "why");
	assert_turn(s, "");
	record->state = DAEMON_RUNNING;
	assert_false(daemon_state_resume(s->daemon));
	free(record->reason);

	*record = (struct daemon_state_record){ DAEMON_SHUTDOWN, NULL, true, -1, 5 };
	assert_true(daemon_state_resume(s->daemon));
	assert_turn(s, "");
	assert_true(record->by_pid);
	record->state = DAEMON_RUNNING;
	assert_false(daemon_state_resume(s->daemon));

	*record = (struct daemon_state_record){ DAEMON_RESTARTING, NULL, false,
		RECORDER_MONO - 1000, 5 };
	assert_true(daemon_state_resume(s->daemon));
	assert_turn(s, "kill 100 15\n"); /* the next report is due in two seconds */
	recorder_tick(&s->recorder, 2000);
	assert_turn(s, "INFO waiting for x to die\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_restart_and_shutdown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fatal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shutdown_in_fatal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_in_shutdown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_resume, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
