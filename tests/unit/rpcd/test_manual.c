/* Manual: reeve-rpcd(8) lists each row of the method table as it is, in its order, and no
 * other method. The list that is missing is printed: it can be put in as it stands. */
#include "common/buf.h"
#include "common/compiler.h"
#include "rpcd/methods.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANUAL "man/reeve-rpcd.8"

/* New: the text of the manual. */
static char *
manual(void)
{
	FILE *file = fopen(MANUAL, "r");
	char *text = calloc(1, 1 << 18);

	if (file == NULL)
		fail_msg("no %s: run the tests from the root of the tree", MANUAL);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 18) - 1, file) > 1000);
	fclose(file);
	return text;
}

/* Each sentence begins a line, as mdoc wants it. */
static void
append_help(struct buf *out, const char *help)
{
	for (const char *p = help; *p != '\0'; p++)
		if (p[0] == ' ' && p > help && p[-1] == '.')
			assert_int_equal(buf_append(out, "\n", 1), 0);
		else
			assert_int_equal(buf_append(out, p, 1), 0);
	assert_int_equal(buf_append(out, "\n", 1), 0);
}

/* New: the items of all rows. */
static char *
items(void)
{
	const struct method *methods;
	struct buf out;
	size_t n;

	buf_init(&out, 0);
	methods = methods_all(&n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(buf_printf(&out, ".It Ic %s\n.Li \"%s\" ,\n.Cm %s .\n",
		    methods[i].name, methods[i].signature,
		    role_name(methods[i].role)), 0);
		append_help(&out, methods[i].help);
	}
	return buf_steal(&out);
}

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		n++;
	}
	return n;
}

static void
test_methods(void **state UNUSED)
{
	char *text = manual(), *want = items();

	if (strstr(text, want) == NULL) {
		fprintf(stderr, "%s lacks this list of methods:\n%s", MANUAL, want);
		fail();
	}
	assert_int_equal(count(text, "\n.It Ic "), count(want, ".It Ic "));
	free(want);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
