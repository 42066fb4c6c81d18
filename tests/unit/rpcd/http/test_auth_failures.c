/* Guesses: a clock that the test turns. */
#include "rpcd/http/auth_failures.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_address(void **state)
{
	struct guesses *guesses = guesses_new();

	(void)state;
	for (int64_t second = 0; second < 300; second++) {
		int64_t now = second * GUESS_DELAY_MS;

		for (int i = 0; i < GUESSES_AN_ADDRESS; i++)
			assert_true(guesses_add(guesses, 1, now + i));
		for (int i = 0; i < 100; i++)
			assert_false(guesses_add(guesses, 1, now + GUESS_DELAY_MS - 1));
		assert_true(guesses_add(guesses, 2, now));
	}
	guesses_free(guesses);
}

static void
test_maximum(void **state)
{
	struct guesses *guesses = guesses_new();

	(void)state;
	for (uint64_t i = 0; i < GUESSES_MAX; i++)
		assert_true(guesses_add(guesses, i, 5));
	assert_false(guesses_add(guesses, GUESSES_MAX, 5));
	assert_true(guesses_add(guesses, GUESSES_MAX, 5 + GUESS_DELAY_MS));
	guesses_free(guesses);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
