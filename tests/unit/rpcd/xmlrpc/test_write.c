/* Xmlwrite: the layout of Python's xmlrpc library (tests/data/xmlwrite); the result is
 * well-formed for any input. */
#include "rpcd/xmlrpc/write.h"

#include "tests/unit/rpcd/cases.h"

#include <jansson.h>

static const char *
terminated(struct buf *out)
{
	char *end = buf_reserve(out, 1);

	assert_non_null(end);
	*end = '\0';
	return buf_data(out);
}

static void
check_layout(const struct case_files *files, void *ctx UNUSED)
{
	json_t *value = json_loads(files->input, JSON_DECODE_ANY, NULL);
	size_t len;
	struct buf out;

	buf_init(&out, 0);
	assert_non_null(value);
	xmlwrite_open(&out, XMLWRITE_REPLY);
	xmlwrite_json(&out, value);
	xmlwrite_close(&out, XMLWRITE_REPLY);
	len = buf_len(&out);
	assert_int_equal(buf_data(&out)[len - 1], '\n');
	out.len--; /* `want` has no last newline */
	if (strcmp(terminated(&out), files->want) != 0)
		fail_msg("%s: got\n%s", files->name, buf_data(&out));
	json_decref(value);
	buf_clear(&out);
}

static void
test_layout(void **state UNUSED)
{
	cases_run("tests/data/xmlwrite", 8, check_layout, NULL);
}

static void
test_fault(void **state UNUSED)
{
	struct buf out;

	buf_init(&out, 0);
	xmlwrite_open(&out, XMLWRITE_FAULT);
	xmlwrite_fault(&out, FAULT_BAD_NAME, "BAD_NAME: <x>");
	xmlwrite_close(&out, XMLWRITE_FAULT);
	assert_string_equal(terminated(&out),
	    "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n"
	    "<member>\n<name>faultCode</name>\n<value><int>10</int></value>\n</member>\n"
	    "<member>\n<name>faultString</name>\n"
	    "<value><string>BAD_NAME: &lt;x&gt;</string></value>\n</member>\n"
	    "</struct></value>\n</fault>\n</methodResponse>\n");
	buf_clear(&out);
}

#define R "\xef\xbf\xbd"

static const struct {
	const char *in, *want;
} texts[] = {
	{"\t\n\r ~\x7f", "\t\n\r ~\x7f"},
	{"\x1b[0m\x01\x08\x0b\x0c\x0e\x1f", R "[0m" R R R R R R},
	{"\x80", R},
	{"\xbf\xbf", R R},
	{"\xc0\xaf", R R},			/* overlong */
	{"\xe0\x80\xaf", R R R},
	{"\xed\xa0\x80", R R R},		/* surrogate */
	{"\xf4\x90\x80\x80", R R R R},		/* past U+10FFFF */
	{"\xf8\x88\x80\x80\x80", R R R R R},
	{"\xe2\x82", R},			/* cut */
	{"\xe2\x82<", R "&lt;"},
	{"\xf0\x9f\x98", R},
	{"\xf0\x9f\xc3\xa9", R "\xc3\xa9"},
	{"\xff\xfe", R R},
	{"\xef\xbf\xbe\xef\xbf\xbf", R R},	/* U+FFFE, U+FFFF */
	{"\xef\xbf\xbd", R},
	{"\xc2\x80\xdf\xbf\xe0\xa0\x80\xf4\x8f\xbf\xbf",
	    "\xc2\x80\xdf\xbf\xe0\xa0\x80\xf4\x8f\xbf\xbf"},
};

static void
test_escape(void **state UNUSED)
{
	struct buf out;

	buf_init(&out, 0);
	for (size_t i = 0; i < nitems(texts); i++) {
		size_t n = strlen(texts[i].in);

		assert_int_equal(xmlwrite_escape(&out, texts[i].in, n, true), n);
		if (strcmp(terminated(&out), texts[i].want) != 0)
			fail_msg("row %zu: got '%s'", i, buf_data(&out));
		buf_consume(&out, buf_len(&out));
	}
	assert_int_equal(xmlwrite_escape(&out, "a\0b", 3, true), 3);
	assert_string_equal(terminated(&out), "a" R "b");
	buf_clear(&out);
}

/* A text written in pieces gives the same result as the whole text. */
static void
test_pieces(void **state UNUSED)
{
	static const char text[] =
	    "a\xc3\xa9<\xe2\x82\xac\xf0\x9f\x98\x80\xe2\x82x\xff\xf0";
	struct buf whole, out;
	size_t len = sizeof(text) - 1;

	buf_init(&whole, 0);
	buf_init(&out, 0);
	xmlwrite_escape(&whole, text, len, true);
	for (size_t piece = 4; piece <= len; piece++) {
		size_t at = 0;

		while (at < len) {
			size_t n = len - at < piece ? len - at : piece;
			size_t used = xmlwrite_escape(&out, text + at, n, at + n == len);

			assert_true(used > 0 && used + 3 >= n);
			at += used;
		}
		assert_string_equal(terminated(&out), terminated(&whole));
		buf_consume(&out, buf_len(&out));
	}
	buf_clear(&whole);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
