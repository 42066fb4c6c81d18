#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/loglimit.h"

static struct {
	int lines;
	char last[4096];
} got;

static void
record(void *ctx, enum log_level level, const char *text, size_t len)
{
	(void)ctx;
	(void)level;
	assert_true(len < sizeof(got.last));
	memcpy(got.last, text, len);
	got.last[len] = '\0';
	got.lines++;
}

static int
setup(void **state)
{
	(void)state;
	memset(&got, 0, sizeof(got));
	log_init(record, NULL, LEVEL_INFO);
	clock_freeze(1000, 1000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	clock_freeze(-1, -1);
	log_init(NULL, NULL, LEVEL_INFO);
	return 0;
}

static void
test_first_at_once_then_one_a_minute(void **state)
{
	struct log_limit limit = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		log_limited(&limit, LEVEL_WARN, "disk %d", i);
	assert_int_equal(got.lines, 1);
	assert_string_equal(got.last, "disk 0");

	clock_freeze(1000 + LOG_LIMIT_MS - 1, 0);
	log_limited(&limit, LEVEL_WARN, "disk early");
	assert_int_equal(got.lines, 1);

	clock_freeze(1000 + LOG_LIMIT_MS, 0);
	log_limited(&limit, LEVEL_WARN, "disk late");
	assert_int_equal(got.lines, 2);
	assert_string_equal(got.last, "disk late (1000 more since the last report)");

	clock_freeze(1000 + 3 * LOG_LIMIT_MS, 0);
	log_limited(&limit, LEVEL_WARN, "disk again");
	assert_string_equal(got.last, "disk again");
}

static void
test_reset_counts_and_lets_the_next_through(void **state)
{
	struct log_limit limit = { 0 };

	(void)state;
	log_limited(&limit, LEVEL_WARN, "a");
	log_limited(&limit, LEVEL_WARN, "b");
	log_limited(&limit, LEVEL_WARN, "c");
	assert_int_equal(log_limit_reset(&limit), 2);
	log_limited(&limit, LEVEL_WARN, "d");
	assert_int_equal(got.lines, 2);
	assert_string_equal(got.last, "d");
}

static void
test_long_message_is_cut_and_errno_kept(void **state)
{
	struct log_limit limit = { 0 };
	char text[8192];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	errno = ENOSPC;
	log_limited(&limit, LEVEL_WARN, "%s", text);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(strlen(got.last), 2047);
}

/* The first lines of a flood are all logged, and again only after a quiet minute. */
static void
test_first_lines_pass(void **state)
{
	struct log_limit limit = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		log_limited_after(&limit, 10, LEVEL_WARN, "line %d", i);
	assert_int_equal(got.lines, 10);
	assert_string_equal(got.last, "line 9");
	for (int minute = 1; minute <= 3; minute++) {
		clock_freeze(1000 + minute * LOG_LIMIT_MS, 0);
		for (int i = 0; i < 100; i++)
			log_limited_after(&limit, 10, LEVEL_WARN, "minute %d", minute);
		assert_int_equal(got.lines, 10 + minute);
	}
	assert_string_equal(got.last, "minute 3 (99 more since the last report)");
	clock_freeze(1000 + 4 * LOG_LIMIT_MS, 0);
	log_limited_after(&limit, 10, LEVEL_WARN, "last");
	assert_string_equal(got.last, "last (99 more since the last report)");
	clock_freeze(1000 + 5 * LOG_LIMIT_MS, 0);
	for (int i = 0; i < 100; i++)
		log_limited_after(&limit, 10, LEVEL_WARN, "fresh");
	assert_int_equal(got.lines, 14 + 10);
}

static void
test_limits_are_separate(void **state)
{
	struct log_limit one = { 0 }, other = { 0 };

	(void)state;
	log_limited(&one, LEVEL_WARN, "one");
	log_limited(&other, LEVEL_WARN, "other");
	assert_int_equal(got.lines, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        test_first_at_once_then_one_a_minute, setup, teardown),
	    cmocka_unit_test_setup_teardown(
	        test_reset_counts_and_lets_the_next_through, setup, teardown),
	    cmocka_unit_test_setup_teardown(
	        test_long_message_is_cut_and_errno_kept, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_first_lines_pass, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_limits_are_separate, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
