#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/compiler.h"
#include "proto/fault.h"

static const struct {
	int code;
	const char *name;
} rows[] = {
	{1, "UNKNOWN_METHOD"}, {2, "INCORRECT_PARAMETERS"}, {3, "BAD_ARGUMENTS"},
	{4, "SIGNATURE_UNSUPPORTED"}, {5, "FATAL_STATE"}, {6, "SHUTDOWN_STATE"},
	{8, "NOT_PERMITTED"}, {10, "BAD_NAME"}, {11, "BAD_SIGNAL"}, {20, "NO_FILE"},
	{21, "NOT_EXECUTABLE"}, {30, "FAILED"}, {40, "ABNORMAL_TERMINATION"},
	{50, "SPAWN_ERROR"}, {60, "ALREADY_STARTED"}, {70, "NOT_RUNNING"}, {80, "SUCCESS"},
	{90, "ALREADY_ADDED"}, {91, "STILL_RUNNING"}, {92, "CANT_REREAD"},
};

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(rows); i++)
		assert_string_equal(fault_name((enum fault)rows[i].code), rows[i].name);
}

static void
test_no_others(void **state)
{
	size_t known = 0;

	(void)state;
	for (int code = -3; code < 200; code++)
		known += *fault_name((enum fault)code) != 'U' || code == 1;
	assert_int_equal(known, nitems(rows));
	assert_string_equal(fault_name(FAULT_NONE), "UNKNOWN");
	assert_string_equal(fault_name((enum fault)100000), "UNKNOWN");
}

static void
expect_echo(const char *detail, const char *want)
{
	char *text = fault_echo(FAULT_BAD_NAME, detail);

	assert_string_equal(text, want);
	free(text);
}

/* A client's text is repeated up to 200 bytes, without a cut character. */
static void
test_echo(void **state)
{
	char detail[300], want[300];

	(void)state;
	expect_echo(NULL, "BAD_NAME");
	expect_echo("x", "BAD_NAME: x");
	memset(detail, 'x', sizeof(detail));
	detail[FAULT_ECHO_MAX] = '\0';
	snprintf(want, sizeof(want), "BAD_NAME: %.200s", detail);
	expect_echo(detail, want);
	memcpy(detail + FAULT_ECHO_MAX, "xxx", sizeof("xxx"));
	snprintf(want, sizeof(want), "BAD_NAME: %.200s...", detail);
	expect_echo(detail, want);
	memcpy(detail + FAULT_ECHO_MAX - 1, "\xc3\xa4x", sizeof("xxx"));
	snprintf(want, sizeof(want), "BAD_NAME: %.199s...", detail);
	expect_echo(detail, want);
}

static void
test_text(void **state)
{
	char *text;

	(void)state;
	text = fault_text(FAULT_BAD_NAME, "cat:*");
	assert_string_equal(text, "BAD_NAME: cat:*");
	free(text);
	text = fault_text(FAULT_SHUTDOWN_STATE, NULL);
	assert_string_equal(text, "SHUTDOWN_STATE");
	free(text);
	text = fault_text(FAULT_FAILED, "");
	assert_string_equal(text, "FAILED: ");
	free(text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_others),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_echo),
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
