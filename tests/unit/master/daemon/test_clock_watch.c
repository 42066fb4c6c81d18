/* Clock watch: steps of the wall clock, as differences between it and the boot clock. */
#include "master/daemon/clock_watch.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_step(void **state UNUSED)
{
	int64_t since = 1000000;

	assert_int_equal(clock_watch_step(&since, 1000000), 0);
	assert_int_equal(clock_watch_step(&since, 1003600), 3);
	assert_int_equal(since, 1003000);
	assert_int_equal(clock_watch_step(&since, 3000), -1000);
	assert_int_equal(since, 3000);
}

/* Corrections below a second count when they add up to one. */
static void
test_small_steps(void **state UNUSED)
{
	int64_t since = 0;

	assert_int_equal(clock_watch_step(&since, 600), 0);
	assert_int_equal(clock_watch_step(&since, 1200), 1);
	assert_int_equal(clock_watch_step(&since, 1900), 0);
	assert_int_equal(clock_watch_step(&since, 10), 0);
	assert_int_equal(clock_watch_step(&since, -10), -1);
}

static void
ignore_step(void *ctx UNUSED, int64_t seconds UNUSED)
{
	fail_msg("nobody has set the clock");
}

static void
test_quiet(void **state UNUSED)
{
	struct loop *loop = loop_new();
	struct clock_watch *watch = clock_watch_new(loop, ignore_step, NULL);

	assert_non_null(watch);
	assert_int_equal(loop_turn(loop, 0), 0);
	clock_watch_free(watch);
	clock_watch_free(NULL);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_small_steps),
		cmocka_unit_test(test_quiet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
