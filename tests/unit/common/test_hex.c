#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/hex.h"

static void
test_value(void **state UNUSED)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	for (int c = -128; c < 128; c++) {
		const char *at = c != '\0' ? strchr(digits, (char)c) : NULL;
		int value = at != NULL ? (int)(at - digits) : -1;

		assert_int_equal(hex_value((char)c), value > 15 ? value - 6 : value);
	}
}

static void
test_round_trip(void **state UNUSED)
{
	unsigned char bytes[256], back[256];
	char text[512];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	hex_encode(bytes, sizeof(bytes), text);
	assert_memory_equal(text, "000102030405060708090a0b0c0d0e0f10", 34);
	assert_memory_equal(text + 506, "fdfeff", 6);
	assert_int_equal(hex_decode(text, sizeof(text), back), 0);
	assert_memory_equal(back, bytes, sizeof(bytes));
	assert_int_equal(hex_decode("", 0, back), 0);
}

static void
test_refused(void **state UNUSED)
{
	static const char *const texts[] = { "0", "000", "0g", "g0", "0x", " 0", "-1", "AA",
		"aA", "0\xc3" };
	char bytes[4];

	for (size_t i = 0; i < nitems(texts); i++)
		assert_int_equal(hex_decode(texts[i], strlen(texts[i]), bytes), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
