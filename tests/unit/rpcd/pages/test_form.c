/* Form: fields, escapes, and bodies that are no forms. */
#include "rpcd/pages/form.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void
test_values(void **state)
{
	static const struct {
		const char *body, *name, *value;
		size_t count;
	} cases[] = {
	    {"", "a", "", 0},
	    {"a=1&b=2", "a", "1", 2},
	    {"a=1&b=2", "b", "2", 2},
	    {"a=1&a=2", "a", "2", 2},
	    {"a=1&b=2", "c", "", 2},
	    {"&&a=1&&", "a", "1", 1},
	    {"a", "a", "", 1},
	    {"=x", "", "x", 1},
	    {"a=b=c", "a", "b=c", 1},
	    {"a+b=c+d%20e%2B", "a b", "c d e+", 1},
	    {"%61=%d7%A9", "a", "\xd7\xa9", 1},
	    {"a=100%&b=%zz%4", "a", "100%", 2},
	    {"a=100%&b=%zz%4", "b", "%zz%4", 2},
	    {"a=x%00y", "a", "x", 1},
	};
	struct form form;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		form_read(&form, cases[i].body, strlen(cases[i].body));
		assert_int_equal(form.count, cases[i].count);
		assert_string_equal(form_value(&form, cases[i].name), cases[i].value);
		form_clear(&form);
	}
}

static void
test_many(void **state)
{
	size_t n = 4 * (FORM_FIELDS_MAX + 10);
	char *body = malloc(n);
	struct form form;

	(void)state;
	assert_non_null(body);
	for (size_t i = 0; i < n; i += 4)
		memcpy(body + i, "a=1&", 4);
	form_read(&form, body, n);
	assert_int_equal(form.count, FORM_FIELDS_MAX);
	form_clear(&form);
	memset(body, '&', n);
	form_read(&form, body, n);
	assert_int_equal(form.count, 0);
	form_clear(&form);
	free(body);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
