/* Auth_failures, with times that the test sets. */
#include "rpcd/http/auth_failures.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_address(void **state)
{
	static struct auth_failures failures;

	(void)state;
	for (int64_t second = 0; second < 300; second++) {
		int64_t now = second * AUTH_DELAY_MS;

		for (int i = 0; i < AUTH_FAILURES_AN_ADDRESS; i++)
			assert_true(auth_failures_add(&failures, 1, now + i));
		for (int i = 0; i < 100; i++)
			assert_false(
			    auth_failures_add(&failures, 1, now + AUTH_DELAY_MS - 1));
		assert_true(auth_failures_add(&failures, 2, now));
	}
}

static void
test_maximum(void **state)
{
	static struct auth_failures failures;

	(void)state;
	for (uint64_t i = 0; i < AUTH_FAILURES_MAX; i++)
		assert_true(auth_failures_add(&failures, i, 5));
	assert_false(auth_failures_add(&failures, AUTH_FAILURES_MAX, 5));
	assert_true(auth_failures_add(&failures, AUTH_FAILURES_MAX, 5 + AUTH_DELAY_MS));
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
