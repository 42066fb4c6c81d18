/* Shutdown: the sequence that stops everything. */
#include "tests/unit/master/daemon/daemon_world.h"

#include "master/process/order.h"

static void
test_nothing_runs(void **state)
{
	struct scene *s = *state;

	activate(s, "g", 1, "a:1");
	assert_int_equal(daemon_state_get(s->daemon), DAEMON_RUNNING);
	assert_false(daemon_state_is_stopping(s->daemon));
	daemon_state_shutdown(s->daemon);
	assert_lines(s, "state SHUTDOWN\n");
	assert_true(daemon_state_is_stopping(s->daemon));
	assert_turn(s, "all stopped\n");
	assert_turn(s, "");
}

static void
test_no_groups(void **state)
{
	struct scene *s = *state;

	assert_true(daemon_state_restart(s->daemon));
	assert_turn(s, "state RESTARTING\nall stopped\n");
}

/* Stops go from the highest priority number down, also within a group, and equal priorities
 * in reverse; the report is in order of activation. */
static void
test_order(void **state)
{
	struct scene *s = *state;

	activate(s, "mid", 5, "m1:1 m2:9 m3:9 m4:2 m5:3");
	activate(s, "idle", 6, "i:1");
	activate(s, "high", 9, "h:1");
	activate(s, "low", 1, "l:1");
	start(s, "mid:m1");
	start(s, "mid:m2");
	start(s, "mid:m3");
	start(s, "mid:m4");
	start(s, "high:h");
	start(s, "low:l");
	daemon_state_shutdown(s->daemon);
	assert_turn(s,
	    "state SHUTDOWN\nkill 104 15\n"
	    "INFO waiting for m1, m2, m3, m4, h, l to die\n");
	process_reaped(process(s, "high:h"), 15);
	assert_lines(s,
	    "WARN stopped: h (terminated by SIGTERM)\n"
	    "kill 102 15\nkill 101 15\nkill 103 15\nkill 100 15\n");
	process_reaped(process(s, "mid:m1"), 0);
	process_reaped(process(s, "mid:m2"), 0);
	process_reaped(process(s, "mid:m3"), 0);
	assert_turn(s,
	    "INFO stopped: m1 (exit status 0)\n"
	    "INFO stopped: m2 (exit status 0)\n"
	    "INFO stopped: m3 (exit status 0)\n");
	process_reaped(process(s, "mid:m4"), 0);
	assert_lines(s, "INFO stopped: m4 (exit status 0)\nkill 105 15\n");
	process_reaped(process(s, "low:l"), 0);
	assert_lines(s, "INFO stopped: l (exit status 0)\n");
	assert_turn(s, "all stopped\n");
	assert_turn(s, "");
}

static void
test_reports(void **state)
{
	struct scene *s = *state;

	activate(s, "a", 1, "x:1");
	activate(s, "b", 2, "y:1");
	start(s, "a:x");
	start(s, "b:y");
	daemon_state_shutdown(s->daemon);
	assert_turn(s, "state SHUTDOWN\nkill 101 15\nINFO waiting for x, y to die\n");
	recorder_tick(&s->recorder, 2999);
	process_reaped(process(s, "b:y"), 0);
	assert_turn(s, "INFO stopped: y (exit status 0)\nkill 100 15\n");
	recorder_tick(&s->recorder, 1);
	assert_turn(s, "INFO waiting for x to die\n");
	assert_turn(s, "");
	recorder_tick(&s->recorder, 3000);
	assert_turn(s, "INFO waiting for x to die\n");
}

/* BACKOFF becomes FATAL when the group's turn comes; STOPPING is waited for; UNKNOWN is
 * not. */
static void
test_all_states(void **state)
{
	struct scene *s = *state;
	char *detail;

	activate(s, "first", 1, "f:1");
	activate(s, "g", 2, "stopped:1 backoff:1 stopping:1 exited:1 lost:1");
	activate(s, "last", 3, "n:1");
	start(s, "first:f");
	process_reaped(process(s, "first:f"), 1 << 8);
	start(s, "g:backoff");
	process_reaped(process(s, "g:backoff"), 1 << 8);
	start(s, "g:stopping");
	assert_int_equal(process_stop(process(s, "g:stopping"), &detail), FAULT_NONE);
	start(s, "g:lost");
	s->recorder.kill_errno = EPERM;
	assert_int_equal(process_signal(process(s, "g:lost"), 1, &detail), FAULT_FAILED);
	free(detail);
	s->recorder.kill_errno = 0;
	free(recorder_take(&s->recorder));

	daemon_state_shutdown(s->daemon);
	assert_turn(s, "state SHUTDOWN\nINFO waiting for f, stopping to die\n");
	assert_int_equal(process(s, "g:backoff")->state, PROCESS_FATAL);
	assert_int_equal(process(s, "first:f")->state, PROCESS_BACKOFF);
	process_reaped(process(s, "g:stopping"), 0);
	assert_lines(s, "INFO stopped: stopping (exit status 0)\n");
	assert_int_equal(process(s, "first:f")->state, PROCESS_FATAL);
	assert_turn(s, "all stopped\n");
}

static void
test_only_backoff(void **state)
{
	struct scene *s = *state;

	activate(s, "a", 1, "x:1");
	activate(s, "b", 2, "y:1");
	start(s, "a:x");
	start(s, "b:y");
	process_reaped(process(s, "a:x"), 1 << 8);
	process_reaped(process(s, "b:y"), 1 << 8);
	free(recorder_take(&s->recorder));
	assert_true(daemon_state_restart(s->daemon));
	assert_turn(s, "state RESTARTING\nall stopped\n");
}

/* The process exits between the request and the next loop iteration. */
static void
test_ends_before_the_turn(void **state)
{
	struct scene *s = *state;

	activate(s, "a", 1, "x:1");
	start(s, "a:x");
	daemon_state_shutdown(s->daemon);
	recorder_tick(&s->recorder, 2000);
	process_reaped(process(s, "a:x"), 0);
	assert_turn(s,
	    "state SHUTDOWN\nINFO exited: x (exit status 0; expected)\n"
	    "all stopped\n");
}

/* The stop waits until the client has its answer, but not for long. */
static void
test_hold(void **state)
{
	struct scene *s = *state;

	activate(s, "a", 1, "x:1");
	start(s, "a:x");
	daemon_state_release(s->daemon);
	daemon_state_hold(s->daemon);
	assert_turn(s, "");
	daemon_state_shutdown(s->daemon);
	daemon_state_hold(s->daemon);
	assert_turn(s, "state SHUTDOWN\n");
	recorder_tick(&s->recorder, 900);
	assert_turn(s, "");
	daemon_state_release(s->daemon);
	assert_turn(s, "");
	recorder_tick(&s->recorder, 50);
	assert_turn(s, "kill 100 15\nINFO waiting for x to die\n");
	daemon_state_hold(s->daemon);
	daemon_state_release(s->daemon);
	recorder_tick(&s->recorder, 3000);
	assert_turn(s, "INFO waiting for x to die\n");
}

static void
test_hold_is_bounded(void **state)
{
	struct scene *s = *state;

	activate(s, "a", 1, "x:1");
	start(s, "a:x");
	assert_true(daemon_state_restart(s->daemon));
	daemon_state_hold(s->daemon);
	recorder_tick(&s->recorder, 999);
	assert_turn(s, "state RESTARTING\n");
	recorder_tick(&s->recorder, 1);
	assert_turn(s, "kill 100 15\nINFO waiting for x to die\n");
}

/* Many groups are stopped one after the other without a loop iteration in between. */
static void
test_many_groups(void **state)
{
	struct scene *s = *state;
	char name[16], program[24];
	int killed = 0;

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		snprintf(program, sizeof(program), "%s:1", name);
		activate(s, name, i, program);
		start(s, name);
	}
	daemon_state_shutdown(s->daemon);
	assert_int_equal(loop_turn(s->loop, 0), 0);
	while (s->groups->unstopped > 0) {
		struct group *group = order_first_stop(s->groups);

		while (group->unstopped == 0)
			group = order_next_stop(group);
		assert_int_equal(TAILQ_FIRST(&group->processes)->state, PROCESS_STOPPING);
		process_reaped(TAILQ_FIRST(&group->processes), 0);
		killed++;
	}
	assert_int_equal(killed, 300);
	free(recorder_take(&s->recorder));
	assert_turn(s, "all stopped\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reports, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_states, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_backoff, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends_before_the_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hold_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_groups, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
