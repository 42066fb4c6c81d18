#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
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
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
