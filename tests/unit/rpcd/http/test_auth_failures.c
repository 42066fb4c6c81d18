/* Guesses: a clock that the test turns. */
#include "rpcd/http/auth_failures.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_address(void **state)
{
	struct auth_failures *auth_failures = auth_failures_new();

	(void)state;
	for (int64_t second = 0; second < 300; second++) {
		int64_t now = second * AUTH_DELAY_MS;

		for (int i = 0; i < AUTH_FAILURES_AN_ADDRESS; i++)
			assert_true(auth_failures_add(auth_failures, 1, now + i));
		for (int i = 0; i < 100; i++)
			assert_false(
			    auth_failures_add(auth_failures, 1, now + AUTH_DELAY_MS - 1));
		assert_true(auth_failures_add(auth_failures, 2, now));
	}
	auth_failures_free(auth_failures);
}

static void
test_maximum(void **state)
{
	struct auth_failures *auth_failures = auth_failures_new();

	(void)state;
	for (uint64_t i = 0; i < AUTH_FAILURES_MAX; i++)
		assert_true(auth_failures_add(auth_failures, i, 5));
	assert_false(auth_failures_add(auth_failures, AUTH_FAILURES_MAX, 5));
	assert_true(auth_failures_add(auth_failures, AUTH_FAILURES_MAX, 5 + AUTH_DELAY_MS));
	auth_failures_free(auth_failures);
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
