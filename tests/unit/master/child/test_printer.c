/* Printer: prints results as lines; each case is fed whole and byte by byte. */
#include "master/child/printer.h"

#include "tests/unit/common/no_log.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOKENS "processname:a groupname:g pid:7 channel:stderr"

static const struct {
	const char *result, *printed;
} cases[] = {
	{ "", "" },
	{ TOKENS "\none\n", "a stderr | one\n" },
	{ TOKENS "\none\n\ntwo", "a stderr | one\na stderr | \na stderr | two\n" },
	{ TOKENS "\n", "" },
	/* An event that is not output is printed unchanged. */
	{ "when:5", "when:5\n" },
	{ "type:t\nx\ny\n", "type:t\nx\ny\n" },
	{ "channel:stdout\nx", "channel:stdout\nx\n" },
	{ "xprocessname:a channel:b\nx", "xprocessname:a channel:b\nx\n" },
	{ "processname: channel:\nx", "  | x\n" },
	{ "processname:a\0 channel:b\nx", "processname:a\n" },
	{ "OK", "OK\n" },
};

static void
print(void *ctx, const char *bytes, size_t n)
{
	assert_int_equal(buf_append(ctx, bytes, n), 0);
}

static void
test_cases(void **state UNUSED)
{
	static const size_t steps[] = { SIZE_MAX, 1, 7 };
	struct printer printer;
	struct buf out;

	printer_init(&printer);
	for (size_t i = 0; i < nitems(cases); i++)
		for (size_t j = 0; j < nitems(steps); j++) {
			const char *at = cases[i].result;
			size_t left = strlen(at), n;

			buf_init(&out, 0);
			for (; left > 0; at += n, left -= n) {
				n = left < steps[j] ? left : steps[j];
				printer_feed(&printer, at, n, print, &out);
			}
			printer_end(&printer, print, &out);
			assert_int_equal(buf_putc(&out, '\0'), 0);
			assert_string_equal(buf_data(&out), cases[i].printed);
			buf_clear(&out);
		}
	printer_clear(&printer);
}

/* A line without an end uses no more memory than the longest line. */
static void
test_long_lines(void **state UNUSED)
{
	static char bytes[3 * PRINTER_LINE_MAX];
	struct printer printer;
	struct buf out;

	memset(bytes, 'x', sizeof(bytes));
	printer_init(&printer);
	buf_init(&out, 0);
	for (int i = 0; i < 2; i++) {
		printer_feed(&printer, bytes, sizeof(bytes), print, &out);
		assert_true(printer_is_sound(&printer));
	}
	printer_end(&printer, print, &out);
	assert_int_equal(buf_len(&out), 2 * sizeof(bytes) + 6);
	buf_clear(&out);
	printer_clear(&printer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long_lines),
	};

	log_init(no_log, NULL, LEVEL_CRITICAL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
