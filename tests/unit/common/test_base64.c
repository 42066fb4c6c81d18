#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/base64.h"

static void
test_encode(void **state UNUSED)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+" },
	};
	char text[BASE64_SIZE(8)];

	for (size_t i = 0; i < nitems(cases); i++) {
		size_t n = strlen(cases[i].bytes);

		base64_encode(cases[i].bytes, n, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(strlen(text) + 1, BASE64_SIZE(n));
	}
}

static void
test_decode(void **state UNUSED)
{
	static const struct {
		const char *text, *bytes;	/* NULL = rejected */
	} cases[] = {
		{ "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" },
		{ "+//+", "\xfb\xff\xfe" }, { " Zm9v\r\nYmFy ", "foobar" },
		{ "Z\xc3\xa4g==", "f" }, { "=Zg==junk", "f" }, { "Zg=x=", "f\x0c" },
		{ "Zg=-=", "f" }, { "Zg==Zm9v", "f" }, { "=", "" }, { "Z", NULL },
		{ "Z===", NULL }, { "Zg", NULL }, { "Zg=", NULL }, { "Zm8", NULL },
		{ "Zm9vZ", NULL },
	};
	char bytes[32];

	for (size_t i = 0; i < nitems(cases); i++) {
		const char *expected = cases[i].bytes;
		ssize_t n = base64_decode(cases[i].text, strlen(cases[i].text), bytes);

		assert_int_equal(n, expected == NULL ? -1 : (ssize_t)strlen(expected));
		if (expected != NULL)
			assert_memory_equal(bytes, expected, (size_t)n);
	}
	assert_int_equal(base64_decode("AAAA\0AAAA", 9, bytes), 6);
	assert_memory_equal(bytes, "\0\0\0\0\0\0", 6);
}

/* Every byte, and every length of the last group. */
static void
test_round_trip(void **state UNUSED)
{
	char bytes[256], text[BASE64_SIZE(sizeof(bytes))], back[sizeof(text)];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		base64_encode(bytes, n, text);
		assert_int_equal(base64_decode(text, strlen(text), back), n);
		assert_memory_equal(back, bytes, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
