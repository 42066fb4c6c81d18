/* Watchdog: the test advances the clock, and answers or does not. */
#include "master/helper/watchdog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define START 5000

/* Checks whenever a check is due, until `end`; the time of the action, or -1. */
static int64_t
until_action(struct watchdog *dog, enum watchdog_action want, int64_t end, uint64_t unsent)
{
	while (dog->next_ms != -1 && dog->next_ms <= end) {
		int64_t now = dog->next_ms;

		if (watchdog_check(dog, now, unsent, 100) == want)
			return now;
	}
	return -1;
}

static void
test_idle(void **state)
{
	struct watchdog dog;

	(void)state;
	watchdog_init(&dog);
	assert_int_equal(dog.next_ms, -1);
	watchdog_active(&dog, START);
	watchdog_active(&dog, START + 500);
	assert_int_equal(dog.next_ms, START + WATCHDOG_CHECK_MS);
	assert_int_equal(watchdog_check(&dog, START + 1000, 0, 0), WATCHDOG_PING);
	assert_false(watchdog_answered(&dog, START + 1001, false));
	/* While nothing happens, no check is due. */
	assert_int_equal(dog.next_ms, -1);
}

static void
test_busy(void **state)
{
	struct watchdog dog;

	(void)state;
	watchdog_init(&dog);
	watchdog_active(&dog, START);
	for (int64_t now = START + 1000; now < START + 60000; now += 1000) {
		assert_int_equal(watchdog_check(&dog, now, 0, 0), WATCHDOG_PING);
		assert_false(watchdog_answered(&dog, now, true));
	}
	/* Something sent after a ping causes another ping. */
	watchdog_init(&dog);
	watchdog_active(&dog, START);
	assert_int_equal(watchdog_check(&dog, START + 1000, 0, 0), WATCHDOG_PING);
	watchdog_active(&dog, START + 1001);
	assert_false(watchdog_answered(&dog, START + 1002, false));
	assert_int_equal(watchdog_check(&dog, dog.next_ms, 0, 0), WATCHDOG_PING);
}

static void
test_mute(void **state)
{
	struct watchdog dog;
	int64_t pinged;

	(void)state;
	watchdog_init(&dog);
	watchdog_active(&dog, START);
	pinged = until_action(&dog, WATCHDOG_PING, START + 2000, 0);
	assert_int_equal(pinged, START + 1000);
	assert_int_equal(
	    until_action(&dog, WATCHDOG_WARN, START + 60000, 0), pinged + WATCHDOG_WARN_MS);
	assert_int_equal(until_action(&dog, WATCHDOG_KILL_MUTE, START + 60000, 0),
	    pinged + WATCHDOG_ANSWER_MS);
}

static void
test_late_answer(void **state)
{
	struct watchdog dog;

	(void)state;
	watchdog_init(&dog);
	watchdog_active(&dog, START);
	assert_true(until_action(&dog, WATCHDOG_PING, START + 2000, 0) > 0);
	assert_int_equal(until_action(&dog, WATCHDOG_KILL_MUTE, START + 10500, 0), -1);
	assert_true(watchdog_answered(&dog, START + 10600, false));
	assert_int_equal(dog.next_ms, -1);
	/* The stop has no further effect. */
	watchdog_active(&dog, START + 20000);
	assert_true(until_action(&dog, WATCHDOG_PING, START + 22000, 0) > 0);
	assert_int_equal(until_action(&dog, WATCHDOG_KILL_MUTE, START + 30500, 0), -1);
}

/* The owner itself did not run, so perhaps the helper did not either. */
static void
test_starved_owner(void **state)
{
	struct watchdog dog;

	(void)state;
	watchdog_init(&dog);
	watchdog_active(&dog, START);
	assert_int_equal(watchdog_check(&dog, START + 1000, 50, 0), WATCHDOG_PING);
	assert_int_equal(watchdog_check(&dog, START + 999000, 50, 0), WATCHDOG_NONE);
	assert_int_equal(dog.next_ms, START + 1000000);
	assert_false(watchdog_answered(&dog, START + 999001, false));
	/* Checks that are always late still detect a helper that does not answer. */
	watchdog_init(&dog);
	watchdog_active(&dog, START);
	assert_int_equal(watchdog_check(&dog, START + 1000, 0, 0), WATCHDOG_PING);
	for (int64_t i = 1; i < 40; i++)
		assert_true(watchdog_check(&dog, START + 1000 + i * 9000, 0, 0) <
		    WATCHDOG_KILL_MUTE);
	assert_int_equal(
	    watchdog_check(&dog, START + 1000 + 40 * 9000, 0, 0), WATCHDOG_KILL_MUTE);
}

static void
test_stopped(void **state)
{
	struct watchdog dog;

	(void)state;
	watchdog_init(&dog);
	assert_int_equal(watchdog_stopped(&dog, START), WATCHDOG_PING);
	assert_int_equal(watchdog_stopped(&dog, START + 500), WATCHDOG_NONE);
	assert_int_equal(until_action(&dog, WATCHDOG_KILL_MUTE, START + 60000, 0),
	    START + WATCHDOG_CONTINUE_MS);
	watchdog_init(&dog);
	assert_int_equal(watchdog_stopped(&dog, START), WATCHDOG_PING);
	assert_false(watchdog_answered(&dog, START + 1, false));
	assert_int_equal(dog.next_ms, -1);
	/* While a ping is unanswered, the time begins with the stop. */
	watchdog_active(&dog, START);
	assert_int_equal(watchdog_check(&dog, START + 1000, 0, 0), WATCHDOG_PING);
	assert_int_equal(watchdog_check(&dog, START + 2000, 0, 0), WATCHDOG_NONE);
	assert_int_equal(watchdog_stopped(&dog, START + 2000), WATCHDOG_NONE);
	assert_int_equal(until_action(&dog, WATCHDOG_KILL_MUTE, START + 60000, 0),
	    START + 2000 + WATCHDOG_CONTINUE_MS);
}

static void
test_unread(void **state)
{
	struct watchdog dog;

	(void)state;
	watchdog_init(&dog);
	watchdog_active(&dog, START);
	assert_int_equal(until_action(&dog, WATCHDOG_KILL_UNREAD, START + 60000, 5),
	    START + 1000 + WATCHDOG_READ_MS);
	/* A slow reader is not killed. */
	watchdog_init(&dog);
	watchdog_active(&dog, START);
	for (uint64_t i = 1; i < 9; i++)
		assert_true(watchdog_check(&dog, START + (int64_t)i * 1000, 5, i) <
		    WATCHDOG_KILL_MUTE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_mute),
		cmocka_unit_test(test_late_answer),
		cmocka_unit_test(test_starved_owner),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
