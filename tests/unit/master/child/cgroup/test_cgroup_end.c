/* Cgroup end: killing and waiting, in a directory whose files the test changes. */
#include "master/child/cgroup/cgroup_end.h"

#include "master/child/cgroup/cgroup_dir.h"
#include "tests/unit/master/child/cgroup/fake_groups.h"

struct outcome {
	struct cgroup_end *end;
	int calls;
	bool left;
};

static void
over(void *ctx, bool left)
{
	struct outcome *outcome = ctx;

	outcome->calls++;
	outcome->left = left;
	cgroup_end_free(outcome->end);
	outcome->end = NULL;
}

static void
begin(struct outcome *outcome, struct loop *loop, const struct scratch *scratch)
{
	int dir = cgroup_dir_open(fake_path(scratch, "g", ""));

	assert_true(dir >= 0);
	*outcome = (struct outcome){ .calls = 0 };
	outcome->end = cgroup_end_new(loop, dir, over, outcome);
	assert_non_null(outcome->end);
	assert_int_equal(outcome->calls, 0);
}

static void
test_end(void **state)
{
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	struct outcome outcome;

	fake_group(scratch, "g");
	fake_write(scratch, "g", "cgroup.kill", "");
	fake_write(scratch, "g", "cgroup.events", "populated 1\nfrozen 0\n");
	begin(&outcome, loop, scratch);
	loop_turn(loop, 1000);
	assert_int_equal(outcome.calls, 0);
	fake_expect(scratch, "g", "cgroup.kill", "1");
	fake_write(scratch, "g", "cgroup.events", "populated 0\nfrozen 0\n");
	while (outcome.calls == 0)
		loop_turn(loop, 1000);
	assert_int_equal(outcome.calls, 1);
	assert_false(outcome.left);
	loop_free(loop);
}

/* Processes that the kernel cannot end. */
static void
test_left(void **state)
{
	struct scratch *scratch = *state;
	int64_t now = clock_mono_ms();
	struct loop *loop = loop_new();
	struct outcome outcome;

	fake_group(scratch, "g");
	fake_write(scratch, "g", "cgroup.events", "populated 1\n");
	clock_freeze(now, 0);
	begin(&outcome, loop, scratch);
	loop_turn(loop, 0);
	assert_int_equal(outcome.calls, 0);
	clock_freeze(now + CGROUP_END_MAX_MS, 0);
	while (outcome.calls == 0)
		loop_turn(loop, 10);
	assert_true(outcome.left);
	loop_free(loop);
}

/* It is empty, or does not exist any more. */
static void
test_nothing(void **state)
{
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	struct outcome outcome = { .calls = 0 };

	fake_group(scratch, "g");
	begin(&outcome, loop, scratch);
	while (outcome.calls == 0)
		loop_turn(loop, 1000);
	assert_false(outcome.left);
	outcome = (struct outcome){ .calls = 0 };
	outcome.end = cgroup_end_new(loop, -1, over, &outcome);
	while (outcome.calls == 0)
		loop_turn(loop, 1000);
	assert_false(outcome.left);
	/* Freed before it is over. */
	begin(&outcome, loop, scratch);
	cgroup_end_free(outcome.end);
	loop_turn(loop, 0);
	assert_int_equal(outcome.calls, 0);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_end, scratch_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(test_nothing, scratch_setup, fake_teardown),
		/* The last one, because it stops the clock. */
		cmocka_unit_test_setup_teardown(test_left, scratch_setup, fake_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
