/* Printed: the expected texts are from Python's str(). */
#include "rpcd/xmlrpc/printed.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

static const struct {
	const char *json, *want;
} rows[] = {
	{"\"text\\n\"", "text\n"},
	{"5", "5"},
	{"-9223372036854775807", "-9223372036854775807"},
	{"true", "True"},
	{"false", "False"},
	{"null", "None"},
	{"0.1", "0.1"},
	{"1.0", "1.0"},
	{"-0.0", "-0.0"},
	{"123.456", "123.456"},
	{"0.0001", "0.0001"},
	{"0.00001", "1e-05"},
	{"1.5e-7", "1.5e-07"},
	{"1e15", "1000000000000000.0"},
	{"1e16", "1e+16"},
	{"1.25e300", "1.25e+300"},
	{"0.30000000000000004", "0.30000000000000004"},
	{"{\"double\":\"-inf\"}", "-inf"},
	{"{\"dateTime.iso8601\":\"20260102T03:04:05\"}", "2026-01-02 03:04:05"},
	{"[{\"dateTime.iso8601\":\"20260102T03:04:05\"}]",
	    "[datetime.datetime(2026, 1, 2, 3, 4, 5)]"},
	{"[{\"dateTime.iso8601\":\"00010101T00:00:00\"}]",
	    "[datetime.datetime(1, 1, 1, 0, 0)]"},
	{"[]", "[]"},
	{"{}", "{}"},
	{"[1,[true,null],\"it's\"]", "[1, [True, None], \"it's\"]"},
	{"{\"a\":{\"b\":[0.5]},\"c\":\"\\u00e9\\n\"}", "{'a': {'b': [0.5]}, 'c': 'é\\n'}"},
};

static void
test_rows(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(rows); i++) {
		json_t *value = json_loads(rows[i].json, JSON_DECODE_ANY, NULL);
		char *text;

		assert_non_null(value);
		text = printed_text(value);
		assert_string_equal(rows[i].want, text);
		free(text);
		json_decref(value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
