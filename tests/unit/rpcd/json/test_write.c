#include "rpcd/json/write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Compares the text and empties the buf. */
static void
expect(struct buf *out, const char *wanted)
{
	assert_int_equal(buf_len(out), strlen(wanted));
	assert_memory_equal(buf_data(out), wanted, strlen(wanted));
	buf_clear(out);
}

static void
test_values(void **state)
{
	json_t *value = json_pack("{s:[i,n,b,s], s:f}", "a", 1, 1, "x\"", "b", 0.5);
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	jsonwrite_open(&out, '[');
	jsonwrite_number(&out, INT64_MIN);
	jsonwrite_number(&out, 0);
	jsonwrite_bool(&out, true);
	jsonwrite_string(&out, "");
	jsonwrite_open(&out, '{');
	jsonwrite_raw(&out, "}", 1);
	jsonwrite_open(&out, '[');
	jsonwrite_raw(&out, "]", 1);
	jsonwrite_value(&out, value);
	jsonwrite_values(&out, "1,2", 3);
	jsonwrite_bool(&out, false);
	jsonwrite_raw(&out, "]", 1);
	expect(&out,
	    "[-9223372036854775808,0,true,\"\",{},[],{\"a\":[1,null,true,\"x\\\"\"],"
	    "\"b\":0.5},1,2,false]");
	json_decref(value);
}

/* Texts that end in the characters after which no comma is written are values, too. */
static void
test_commas(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	jsonwrite_raw(&out, "data: ", 6);
	jsonwrite_open(&out, '{');
	jsonwrite_member_string(&out, "a", "[");
	jsonwrite_member_string(&out, "b:", "{:,");
	jsonwrite_member_number(&out, "c", -5);
	jsonwrite_name(&out, "d\"");
	jsonwrite_string(&out, " ");
	jsonwrite_raw(&out, "}", 1);
	expect(&out, "data: {\"a\":\"[\",\"b:\":\"{:,\",\"c\":-5,\"d\\\"\":\" \"}");
}

static void
test_escapes(void **state)
{
	static const struct {
		const char *in, *out;
	} texts[] = {
	    {"a\"b\\c/", "a\\\"b\\\\c/"},
	    {"\n\r\t\x1b[1m\x01\x7f", "\\n\\r\\t\\u001b[1m\\u0001\\u007f"},
	    {"</script>&", "</script>&"},
	    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
	    {"\xef\xbf\xbf", "\xef\xbf\xbf"},
	    {"\xff", "\xef\xbf\xbd"},
	    {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\xe2\x82", "\xef\xbf\xbd"},
	    {"\xe2\x82x", "\xef\xbf\xbdx"},
	};
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t n = strlen(texts[i].in);

		assert_int_equal(jsonwrite_escape(&out, texts[i].in, n, true), n);
		expect(&out, texts[i].out);
	}
	assert_int_equal(jsonwrite_escape(&out, "a\0b", 3, true), 3);
	expect(&out, "a\\u0000b");
	/* An incomplete sequence is left for the next piece. */
	assert_int_equal(jsonwrite_escape(&out, "a\xe2\x82", 3, false), 1);
	expect(&out, "a");
}

/* Whatever the bytes are, a parser reads the string. */
static void
test_any_bytes(void **state)
{
	unsigned char bytes[64];
	json_t *value;
	struct buf out;

	(void)state;
	srand(1);
	for (int round = 0; round < 2000; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)(1 + rand() % 255);
		buf_init(&out, 0);
		jsonwrite_open(&out, '"');
		jsonwrite_escape(&out, (const char *)bytes, sizeof(bytes), true);
		jsonwrite_raw(&out, "\"", 1);
		value = json_loadb(buf_data(&out), buf_len(&out), JSON_DECODE_ANY, NULL);
		assert_non_null(value);
		json_decref(value);
		buf_clear(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_commas),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
