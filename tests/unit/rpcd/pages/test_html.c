/* Html: texts that try to become markup. */
#include "rpcd/pages/html.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

struct html_case {
	const char *text, *expected;
};

static void
check(void (*write)(struct buf *, const char *), const struct html_case *c)
{
	struct buf out;
	char *text;

	buf_init(&out, 0);
	write(&out, c->text);
	text = html_take(&out);
	assert_string_equal(text, c->expected);
	free(text);
}

static void
test_text(void **state)
{
	static const struct html_case cases[] = {
	    {"", ""},
	    {"plain text\n\tmore", "plain text\n\tmore"},
	    {"<b>\"a\" & 'b'</b>", "&lt;b&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/b&gt;"},
	    {"a\x01z\x1b[31m\x7f\r",
		"a\xef\xbf\xbdz\xef\xbf\xbd[31m\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\xd7\xa9\xe6\x97\xa5\xf0\x9f\x98\x80",
		"\xd7\xa9\xe6\x97\xa5\xf0\x9f\x98\x80"},
	    {"\xff<\xc3", "\xef\xbf\xbd&lt;\xef\xbf\xbd"},
	    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		check(html_text, &cases[i]);
}

static void
test_url(void **state)
{
	static const struct html_case cases[] = {
	    {"", ""},
	    {"web:web_01", "web%3Aweb_01"},
	    {"a b+c&d=e/f?g#h%\"'<>", "a%20b%2Bc%26d%3De%2Ff%3Fg%23h%25%22%27%3C%3E"},
	    {"\xd7\xa9", "%D7%A9"},
	    {"A-z.0_9~", "A-z.0_9~"},
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		check(html_url, &cases[i]);
}

static void
test_attribute(void **state)
{
	struct buf out;
	char *text;

	(void)state;
	buf_init(&out, 0);
	html_attribute(&out, "value", "\" onclick=\"x");
	text = html_take(&out);
	assert_string_equal(text, " value=\"&quot; onclick=&quot;x\"");
	free(text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_attribute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
