#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"

static void
test_running(void **state)
{
	int64_t before = (int64_t)time(NULL), first, second;

	(void)state;
	first = clock_mono_ms();
	second = clock_mono_ms();
	assert_true(first > 0);
	assert_true(second >= first);
	assert_true(clock_boot_ms() >= second);
	assert_true(clock_wall_ms() >= before * 1000);
	assert_true(clock_wall_ms() < (before + 3600) * 1000);
}

static void
test_frozen(void **state)
{
	(void)state;
	clock_freeze(1234, 5678);
	assert_int_equal(clock_mono_ms(), 1234);
	assert_int_equal(clock_boot_ms(), 1234);
	assert_int_equal(clock_wall_ms(), 5678);
	clock_freeze(0, 0);
	assert_int_equal(clock_mono_ms(), 0);
	assert_int_equal(clock_wall_ms(), 0);
	clock_freeze(-1, -1);
	assert_true(clock_mono_ms() > 0);
	assert_true(clock_wall_ms() > 1000000);
}

static void
test_text(void **state)
{
	char text[32];

	(void)state;
	assert_int_equal(setenv("TZ", "XXX-02:30", 1), 0);
	tzset();
	assert_int_equal(clock_utc_text(text, sizeof(text), "%F %T", 1700000000), 19);
	assert_string_equal(text, "2023-11-14 22:13:20");
	assert_int_equal(clock_local_text(text, sizeof(text), "%F %T", 1700000000), 19);
	assert_string_equal(text, "2023-11-15 00:43:20");
	/* Too long for the buffer, and beyond the years of struct tm. */
	assert_int_equal(clock_utc_text(text, 19, "%F %T", 1700000000), 0);
	assert_string_equal(text, "");
	text[0] = 'x';
	assert_int_equal(clock_local_text(text, sizeof(text), "%F", INT64_MAX), 0);
	assert_string_equal(text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_running),
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
