/* Oom score: a process that has lowered its score spawns children with the former one. */
#include "master/child/oom_score.h"
#include "tests/unit/master/spawn_run.h"

#define INHERITED 500 /* every user may raise the score, and lower it again */
#define LOWERED 300

static void
set_score(int score)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "w");

	assert_non_null(file);
	assert_true(fprintf(file, "%d", score) > 0);
	assert_int_equal(fclose(file), 0);
}

static int
own_score(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "r");
	int score;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &score), 1);
	assert_int_equal(fclose(file), 0);
	return score;
}

static void
expect_child(void **state, const char *want)
{
	static char name[] = "cat", file[] = "/proc/self/oom_score_adj";
	static char *const argv[] = { name, file, NULL };
	struct run run;

	prepare(&run, state, "/bin/cat", argv);
	finish(&run, launch(&run));
	assert_string_equal(run.text, want);
}

static void
test_score(void **state)
{
	set_score(INHERITED);
	expect_child(state, "500\n");
	assert_true(oom_score_lower(LOWERED));
	assert_int_equal(own_score(), LOWERED);
	expect_child(state, "500\n");
	/* Another run of the daemon does the same again. */
	assert_false(oom_score_lower(LOWERED));
	expect_child(state, "500\n");
	oom_score_restore();
	assert_int_equal(own_score(), INHERITED);
	assert_false(oom_score_lower(INHERITED));
	expect_child(state, "500\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_score, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
