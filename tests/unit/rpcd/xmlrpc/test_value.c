/* Xmlvalue: the types of the results, which the cases of tests/data/xmlrpc do not check. */
#include "rpcd/xmlrpc/value.h"

#include "common/compiler.h"
#include "common/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	xmlvalue_fn *fn;
	const char *text, *want;	/* JSON; NULL = refused */
} rows[] = {
	{xmlvalue_int, " -1_0\n", "-10"},
	{xmlvalue_int, "", NULL},
	{xmlvalue_boolean, "1", "true"},
	{xmlvalue_boolean, "01", "false"},
	{xmlvalue_string, "", "\"\""},
	{xmlvalue_double, "\t1_0.2_5e-0_1 ", "1.025"},
	{xmlvalue_double, "-0", "-0.0"},
	{xmlvalue_double, "+INFINITY", "{\"double\":\"inf\"}"},
	{xmlvalue_double, "-1e999", "{\"double\":\"-inf\"}"},
	{xmlvalue_double, "+-1", NULL},
	{xmlvalue_double, "1e+", NULL},
	{xmlvalue_double, "1e", NULL},
	{xmlvalue_double, "1_", NULL},
	{xmlvalue_double, "1.", "1.0"},
	{xmlvalue_double, "1._", NULL},
	{xmlvalue_double, "1.e5", "100000.0"},
	{xmlvalue_double, ".e5", NULL},
	{xmlvalue_double, "-", NULL},
	{xmlvalue_double, "  ", NULL},
	{xmlvalue_datetime, "20000229T00:00:00",
	    "{\"dateTime.iso8601\":\"20000229T00:00:00\"}"},
	{xmlvalue_datetime, "19000229T00:00:00", NULL},
	{xmlvalue_datetime, "00000101T00:00:00", NULL},
	{xmlvalue_datetime, "20240101T00:60:00", NULL},
	{xmlvalue_datetime, "20240101T00:00:60", NULL},
	{xmlvalue_base64, "", "\"\""},
	{xmlvalue_base64, "Zm9v YmFy", "\"foobar\""},
	{xmlvalue_base64, "=Zg==junk", "\"f\""},
	{xmlvalue_base64, "gA==", NULL},
};

static void
test_rows(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(rows); i++) {
		char *exact = xstrdup(rows[i].text); /* exact size, for ASan */
		json_auto_t *got = rows[i].fn(exact, strlen(exact));
		json_auto_t *want = NULL;

		if (rows[i].want != NULL)
			want = json_loads(rows[i].want, JSON_DECODE_ANY, NULL);
		if ((got == NULL) != (want == NULL) ||
		    (got != NULL && !json_equal(got, want)))
			fail_msg("row %zu: %s", i, exact);
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
