/* Timings: the place of a time among the bounds, faults, methods of other namespaces. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpcd/timings.h"

static void
test_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < TIMINGS_BOUNDS; i++) {
		struct timings timings = { 0 };
		const struct timing *first = &timings.methods[api_number(api_nth(0))];

		assert_true(i == 0 || timings_bounds_us[i] > timings_bounds_us[i - 1]);
		timings_add(&timings, api_nth(0), 1, timings_bounds_us[i], false);
		timings_add(&timings, api_nth(0), 4, timings_bounds_us[i] + 1, false);
		assert_int_equal(first->counts[i], 1);
		assert_int_equal(first->counts[i + 1], 4);
		assert_int_equal(first->sum_us, 5 * timings_bounds_us[i] + 4);
		assert_int_equal(first->faults, 0);
	}
}

static void
test_methods(void **state)
{
	struct timings timings = { 0 };

	(void)state;
	timings_add(&timings, api_nth(1), 3, 0, true);
	timings_add(&timings, NULL, 2, 0, false);
	assert_int_equal(timings.methods[1].counts[0], 3);
	assert_int_equal(timings.methods[1].faults, 3);
	assert_int_equal(timings.methods[0].counts[0], 0);
	assert_int_equal(timings.methods[API_METHODS].counts[0], 2);
	assert_int_equal(timings.methods[API_METHODS].faults, 0);
	timings_add(NULL, api_nth(1), 3, 0, true);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_methods),
	};

	return cmocka_run_group_tests_name("timings", tests, NULL, NULL);
}
