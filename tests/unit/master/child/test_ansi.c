/* The cases are in tests/data/ansi, with supervisord's results. */
#include "master/child/ansi.h"
#include "tests/unit/master/scratch.h"

static void
check_strip(void *ctx, char *input, char *want)
{
	char *shown = strdup(input), *exact;
	size_t n;

	(void)ctx;
	n = strlen(input);
	/* In an allocation of exactly this size, so that tools notice an access beyond it.
	 * */
	assert_non_null(exact = malloc(n));
	memcpy(exact, input, n);
	n = ansi_strip(exact, n);
	if (n != strlen(want) || memcmp(exact, want, n) != 0)
		fail_msg("<%s>: <%.*s> instead of <%s>", shown, (int)n, exact, want);
	free(exact);
	free(shown);
}

static void
test_cases(void **state)
{
	assert_true(scratch_cases("tests/data/ansi/strip", check_strip, *state) > 60);
}

static void
test_bytes(void **state)
{
	char bytes[] = "a\0\033[1\0m\0b";

	(void)state;
	assert_int_equal(ansi_strip(bytes, sizeof(bytes) - 1), 4);
	assert_memory_equal(bytes, "a\0\0b", 4);
	assert_int_equal(ansi_strip(bytes, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
