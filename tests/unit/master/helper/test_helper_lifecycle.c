/* Helper lifecycle: every cell of the table, and the time limits. */
#include "master/helper/helper_lifecycle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define LIMIT 10000
#define END 1500
#define NOW 1000000

/* By states and events: the first letter of the next state, - = ignored. */
static const char *const states = "DWSRTELK";
static const struct row {
	/* start, spawn failure, ready, eof, failure, replace, retire, end, timer, exit */
	const char *permanent, *once;
} rows[HELPER_STATES] = {
    [HELPER_DOWN] = {"S---------", "S---------"},
    [HELPER_WAITING] = {"-----D-DS-", "-----D-DS-"},
    [HELPER_STARTING] = {"-WRLKE-EKW", "-DRLKE-EKD"},
    [HELPER_READY] = {"---LK-TE-W", "---LK-TE-D"},
    [HELPER_RETIRING] = {"---LK--EEW", "---LK--EED"},
    [HELPER_ENDING] = {"--------KW", "--------KD"},
    [HELPER_LOST] = {"----K--EKW", "----K--EKD"},
    [HELPER_KILLED] = {"---------W", "---------D"},
};

/* The action of a step. */
static enum helper_action
action_of(enum helper_state from, char to)
{
	switch (to) {
	case 'S':
		return HELPER_DO_SPAWN;
	case 'K':
		return HELPER_DO_KILL;
	case 'E':
		return from == HELPER_LOST ? HELPER_DO_NOTHING : HELPER_DO_END;
	default:
		return HELPER_DO_NOTHING;
	}
}

static void
check_cell(enum helper_state from, enum helper_event event, char to, bool once)
{
	struct helper_lifecycle life;
	enum helper_action action;

	helper_lifecycle_init(&life, once, LIMIT, END);
	life.state = from;
	life.due_ms = NOW;
	action = helper_lifecycle_step(&life, event, NOW);
	if (states[life.state] != (to == '-' ? states[from] : to) ||
	    action != (to == '-' ? HELPER_DO_NOTHING : action_of(from, to)))
		fail_msg("state %c, event %d: %c with action %d, not %c", states[from],
		    (int)event, states[life.state], (int)action, to);
}

static void
test_cells(void **state)
{
	(void)state;
	for (int from = 0; from < HELPER_STATES; from++)
		for (int event = 0; event < HELPER_EVENTS; event++) {
			check_cell(from, event, rows[from].permanent[event], false);
			check_cell(from, event, rows[from].once[event], true);
		}
}

static struct helper_lifecycle
started(bool once)
{
	struct helper_lifecycle life;

	helper_lifecycle_init(&life, once, LIMIT, END);
	assert_int_equal(
	    helper_lifecycle_step(&life, HELPER_ON_START, NOW), HELPER_DO_SPAWN);
	return life;
}

static void
test_limits(void **state)
{
	struct helper_lifecycle life = started(false);

	(void)state;
	assert_int_equal(life.due_ms, NOW + LIMIT);
	assert_string_equal(helper_lifecycle_lateness(&life), "was not ready in time");
	helper_lifecycle_step(&life, HELPER_ON_READY, NOW + 50);
	assert_int_equal(life.due_ms, -1);
	helper_lifecycle_step(&life, HELPER_ON_EOF, NOW + 300);
	assert_int_equal(life.due_ms, NOW + 300 + HELPER_EXIT_MS);
	assert_string_equal(
	    helper_lifecycle_lateness(&life), "has closed its connection and did not exit");
	life = started(true);
	assert_string_equal(helper_lifecycle_lateness(&life), "did not finish in time");
}

static void
test_backoff(void **state)
{
	static const int delays[] = { 100, 200, 400, 800, 1600, 3200, 5000, 5000 };
	struct helper_lifecycle life = started(false);
	int64_t now = NOW;

	(void)state;
	for (size_t i = 0; i < nitems(delays); i++) {
		helper_lifecycle_step(
		    &life, i % 2 ? HELPER_ON_EXIT : HELPER_ON_SPAWN_FAILURE, now);
		assert_int_equal(life.due_ms, now + delays[i]);
		now = life.due_ms;
		assert_int_equal(
		    helper_lifecycle_step(&life, HELPER_ON_TIMER, now), HELPER_DO_SPAWN);
	}
	/* A process that was ready is replaced at once, and backoff starts again. */
	helper_lifecycle_step(&life, HELPER_ON_READY, now);
	helper_lifecycle_step(&life, HELPER_ON_FAILURE, now);
	helper_lifecycle_step(&life, HELPER_ON_EXIT, now);
	assert_int_equal(life.due_ms, now);
	helper_lifecycle_step(&life, HELPER_ON_TIMER, now);
	helper_lifecycle_step(&life, HELPER_ON_EXIT, now);
	assert_int_equal(life.due_ms, now + 100);
}

/* The owner or the machine was paused: the limit is extended by a second, once. */
static void
test_pause(void **state)
{
	struct helper_lifecycle life = started(false);
	int64_t late = NOW + LIMIT + HELPER_LATE_MS;

	(void)state;
	assert_int_equal(
	    helper_lifecycle_step(&life, HELPER_ON_TIMER, late), HELPER_DO_NOTHING);
	assert_int_equal(life.state, HELPER_STARTING);
	assert_int_equal(life.due_ms, late + HELPER_GRACE_MS);
	late += 1000 * HELPER_GRACE_MS;
	assert_int_equal(
	    helper_lifecycle_step(&life, HELPER_ON_TIMER, late), HELPER_DO_KILL);
	/* A late start does not extend a limit. */
	helper_lifecycle_step(&life, HELPER_ON_EXIT, late);
	assert_int_equal(
	    helper_lifecycle_step(&life, HELPER_ON_TIMER, late + 60000), HELPER_DO_SPAWN);
	assert_int_equal(
	    helper_lifecycle_step(&life, HELPER_ON_TIMER, life.due_ms), HELPER_DO_KILL);
}

static void
test_end(void **state)
{
	struct helper_lifecycle life = started(false);

	(void)state;
	helper_lifecycle_step(&life, HELPER_ON_END, NOW);
	assert_int_equal(life.state, HELPER_ENDING);
	assert_int_equal(life.due_ms, NOW + END);
	assert_string_equal(helper_lifecycle_lateness(&life), "did not exit in time");
	helper_lifecycle_step(&life, HELPER_ON_EXIT, NOW);
	assert_int_equal(life.state, HELPER_DOWN);
	assert_int_equal(life.due_ms, -1);
	assert_int_equal(
	    helper_lifecycle_step(&life, HELPER_ON_START, NOW), HELPER_DO_SPAWN);
	helper_lifecycle_step(&life, HELPER_ON_EXIT, NOW);
	assert_int_equal(life.state, HELPER_WAITING);
}

/* One that is replaced is not spawned again, however it ends. */
static void
test_replaced(void **state)
{
	static const enum helper_event ends[] = {
		HELPER_ON_EXIT, HELPER_ON_FAILURE, HELPER_ON_EOF };
	struct helper_lifecycle life;

	(void)state;
	for (size_t i = 0; i < nitems(ends); i++) {
		life = started(false);
		helper_lifecycle_step(&life, HELPER_ON_READY, NOW);
		helper_lifecycle_step(&life, HELPER_ON_REPLACE, NOW);
		assert_int_equal(life.state, HELPER_READY);
		helper_lifecycle_step(&life, ends[i], NOW);
		helper_lifecycle_step(&life, HELPER_ON_EXIT, NOW);
		assert_int_equal(life.state, HELPER_DOWN);
	}
}

/* One that was taken over after an upgrade ends at the time that it had. */
static void
test_adopted(void **state)
{
	struct helper_lifecycle life = started(false);

	(void)state;
	helper_lifecycle_adopt(&life, true, NOW);
	assert_int_equal(life.state, HELPER_READY);
	life.retired_ms = NOW + 600;
	helper_lifecycle_step(&life, HELPER_ON_RETIRE, NOW);
	assert_int_equal(life.due_ms, NOW + 600);
	assert_int_equal(
	    helper_lifecycle_step(&life, HELPER_ON_TIMER, NOW + 600), HELPER_DO_END);
	helper_lifecycle_step(&life, HELPER_ON_EXIT, NOW + 700);
	assert_int_equal(life.state, HELPER_DOWN);
	helper_lifecycle_init(&life, false, LIMIT, END);
	helper_lifecycle_adopt(&life, false, NOW);
	assert_int_equal(life.state, HELPER_KILLED);
	helper_lifecycle_step(&life, HELPER_ON_EXIT, NOW + 700);
	assert_int_equal(life.state, HELPER_DOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cells),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_backoff),
	    cmocka_unit_test(test_pause),
	    cmocka_unit_test(test_end),
	    cmocka_unit_test(test_replaced),
	    cmocka_unit_test(test_adopted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
