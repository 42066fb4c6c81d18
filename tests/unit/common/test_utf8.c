#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include "common/utf8.h"

static void
test_decode(void **state)
{
	static const struct {
		const char *bytes;
		size_t n, want;
		uint32_t code;
	} cases[] = {
		{ "a", 1, 1, 'a' },
		{ "\xc3\xa9", 2, 2, 0xe9 },
		{ "\xe2\x82\xac", 3, 3, 0x20ac },
		{ "\xf0\x9f\x98\x80", 4, 4, 0x1f600 },
		{ "\xc3\xa9", 1, 0, 0 },
		{ "\xed\xa0\x80", 3, 0, 0 },
		{ "\xf4\x90\x80\x80", 4, 0, 0 },
		{ "", 0, 0, 0 },
	};
	uint32_t code;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(cases); i++) {
		code = 0;
		assert_int_equal(
		    utf8_decode(cases[i].bytes, cases[i].n, &code), cases[i].want);
		if (cases[i].want > 0)
			assert_int_equal(code, cases[i].code);
	}
}

static void
test_classes(void **state)
{
	(void)state;
	assert_true(utf8_is_space(' ') && utf8_is_space(0x1c) && utf8_is_space(0x3000));
	assert_false(utf8_is_space('a') || utf8_is_space(0x200b) || utf8_is_space(0));
	assert_true(utf8_is_printable(' ') && utf8_is_printable(0xe9));
	assert_true(utf8_is_printable(0x1f600) && utf8_is_printable('~'));
	assert_false(utf8_is_printable(0) || utf8_is_printable(0x7f));
	assert_false(utf8_is_printable(0xa0) || utf8_is_printable(0x10ffff));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
