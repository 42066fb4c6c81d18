/* Template: places that are filled in, and texts that look like places. */
#include "rpcd/pages/template.h"

#include "common/compiler.h"
#include "rpcd/pages/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

static void
test_fill(void **state)
{
	static const struct template_value values[] = {
		{"a", TEMPLATE_TEXT, "<{{b}}>"},
		{"b", TEMPLATE_HTML, "<i>"},
		{"url", TEMPLATE_URL, "x y"},
		{"none", TEMPLATE_TEXT, NULL},
	};
	static const struct {
		const char *source, *expected;
	} cases[] = {
	    {"", ""},
	    {"no place { } }} {", "no place { } }} {"},
	    {"{{a}}", "&lt;{{b}}&gt;"},
	    {"1{{b}}2{{b}}3", "1<i>2<i>3"},
	    {"?q={{url}}&", "?q=x%20y&"},
	    {"[{{none}}][{{unknown}}][{{}}]", "[][][]"},
	    {"{{ab}}{{", "{{"},
	};
	struct buf out;
	char *text;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		buf_init(&out, 0);
		template_fill(&out, cases[i].source, values, nitems(values));
		text = html_take(&out);
		assert_string_equal(text, cases[i].expected);
		free(text);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
