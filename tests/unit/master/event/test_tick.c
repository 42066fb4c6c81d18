/* Tick: slices of wall-clock time, forwards and backwards, and no wake-up without pools. */
#include "master/event/tick.h"

#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define BIT(type) (UINT32_C(1) << EVENT_##type)

static void
note(void *ctx, enum event_type type, int64_t when)
{
	char *text = ctx;
	size_t n = strlen(text);

	snprintf(text + n, 256 - n, "%s:%lld ", event_type_name(type), (long long)when);
}

static void
test_slices(void **state UNUSED)
{
	struct loop *loop = loop_new();
	char text[256] = "";
	struct ticks *ticks = ticks_new(loop, note, text);
	int64_t now = clock_wall_ms() / 3600000 * 3600000 + 7200000, s = now / 1000;

	assert_non_null(ticks);
	assert_int_equal(ticks_check(ticks, now), -1);
	assert_string_equal(text, "");

	ticks_want(ticks, BIT(TICK_5) | BIT(TICK_60));
	(void)ticks_check(ticks, now);
	text[0] = '\0';
	assert_int_equal(ticks_check(ticks, now + 1), 4999);
	assert_int_equal(ticks_check(ticks, now + 4999), 1);
	assert_string_equal(text, "");
	assert_int_equal(ticks_check(ticks, now + 5000), 5000);
	assert_int_equal(ticks_check(ticks, now + 61000), 4000);
	assert_int_equal(ticks_check(ticks, now + 3000), 2000);
	{
		char want[256];

		snprintf(want, sizeof(want),
		    "TICK_5:%lld TICK_5:%lld TICK_60:%lld TICK_5:%lld TICK_60:%lld ",
		    (long long)s + 5, (long long)s + 60, (long long)s + 60, (long long)s,
		    (long long)s);
		assert_string_equal(text, want);
	}
	ticks_want(ticks, 0);
	assert_int_equal(ticks_check(ticks, now + 999999), -1);
	ticks_free(ticks);
	ticks_free(NULL);
	loop_free(loop);
}

/* Whether one of our descriptors is a wall-clock timer that is armed to expire when the
 * clock is set, or not armed. */
static bool
has_wall_timer(bool armed)
{
	char path[64], text[512];
	bool found = false;

	for (int fd = 3; fd < 64 && !found; fd++) {
		FILE *info;
		size_t n;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		if ((info = fopen(path, "r")) == NULL)
			continue;
		n = fread(text, 1, sizeof(text) - 1, info);
		text[n] = '\0';
		fclose(info);
		found = strstr(text, "clockid: 0\n") != NULL &&
		    (strstr(text, "settime flags: 03") != NULL) == armed &&
		    (strstr(text, "it_value: (0, 0)") == NULL) == armed;
	}
	return found;
}

/* The timer follows the wall clock when that is set or the machine was suspended. */
static void
test_wall_clock(void **state UNUSED)
{
	struct loop *loop = loop_new();
	char text[256] = "";
	struct ticks *ticks = ticks_new(loop, note, text);

	assert_non_null(ticks);
	ticks_want(ticks, BIT(TICK_3600));
	assert_true(has_wall_timer(true));
	ticks_want(ticks, 0);
	assert_true(has_wall_timer(false));
	ticks_free(ticks);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_wall_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
