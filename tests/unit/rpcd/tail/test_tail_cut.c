/* tail_cut: the end of a chunk when there is more to send. */
#include "rpcd/tail/tail.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static void
test_cut(void **state UNUSED)
{
	static const struct {
		const char *bytes;
		bool more;
		size_t want;
	} rows[] = {
		{"", true, 0},
		{"plain", true, 5},
		{"a\xe2\x82\xac", true, 4},	/* ends with its last byte */
		{"a\xe2\x82", true, 1},
		{"a\xe2\x82", false, 3},	/* nothing more: everything is sent */
		{"a\xc3", true, 1},
		{"a\xf0\x9f\x90", true, 1},
		{"\xe2\x82", true, 2},	/* incomplete, but never 0 */
		{"a\xff", true, 1},	/* not UTF-8: the next chunk has it */
	};

	for (size_t i = 0; i < nitems(rows); i++)
		assert_int_equal(rows[i].want,
		    tail_cut(rows[i].bytes, strlen(rows[i].bytes), rows[i].more));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cut) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
