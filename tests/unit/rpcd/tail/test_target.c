/* Target: as in supervisord, except that a name may have characters that end a path. */
#include "rpcd/tail/target.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/str.h"
#include "proto/cmd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

struct uri_row {
	const char *uri;
	const char *name;   /* NULL with the stream "": the main log */
	const char *stream; /* NULL: refused */
};

static const struct uri_row rows[] = {
	{"/logtail/web", "web", "stdout"},
	{"/logtail/web/stdout", "web", "stdout"},
	{"/logtail/web/stderr", "web", "stderr"},
	{"/logtail/g:web/stderr", "g:web", "stderr"},
	{"/logtail/g:*", "g:*", "stdout"},
	{"/logtail/w%65b%2Fstderr", "web", "stderr"},
	{"/logtail%2fweb", "web", "stdout"},
	{"/logtail/a%3Bb%3fc%23d", "a;b?c#d", "stdout"},
	{"/logtail/%C3%A9", "\xc3\xa9", "stdout"},
	{"/logtail/100%", "100%", "stdout"},
	{"/logtail/100%2", "100%2", "stdout"},
	{"/logtail/%", "%", "stdout"},
	{"/logtail/%4", "%4", "stdout"},
	{"/logtail/%4%", "%4%", "stdout"},
	{"/logtail/\xc3", NULL, NULL},
	{"/logtail/%c3", NULL, NULL},
	{"/logtail/%zz", "%zz", "stdout"},
	{"/logtail/a+b", "a+b", "stdout"},
	{"/logtail/web?limit=/stderr", "web", "stdout"},
	{"/logtail/web;x", "web", "stdout"},
	{"/logtail/web#x", "web", "stdout"},
	{"/logtailer/web", "web", "stdout"},
	{"/logtail", NULL, NULL},
	{"/logtail?x=/web", NULL, NULL},
	{"/logtail/", NULL, NULL},
	{"/logtail//web", NULL, NULL},
	{"/logtail/web/", NULL, NULL},
	{"/logtail/web/stdout/", NULL, NULL},
	{"/logtail/web/syslog", NULL, NULL},
	{"/logtail/web%00", NULL, NULL},
	{"/logtail/%ff", NULL, NULL},
	{"/logtail/%ed%a0%80", NULL, NULL},
	{"/mainlogtail", NULL, ""},
	{"/mainlogtail/x/y", NULL, ""},
	{"/mainlogtail?%00", NULL, ""},
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		const struct uri_row *row = &rows[i];
		struct tail_target target;
		char *exact = xstrdup(row->uri); /* exact size, for ASan */
		int rc = tail_target_parse(exact, &target);

		if (rc != (row->stream != NULL ? 0 : -1))
			fail_msg("%s: %d", row->uri, rc);
		if (row->name != NULL) {
			assert_string_equal(target.name, row->name);
			assert_string_equal(target.stream, row->stream);
		} else {
			assert_null(target.name);
		}
		free(exact);
		tail_target_clear(&target);
		assert_null(target.name);
	}
}

/* A name that is too long for the master is refused. */
static void
test_long_names(void **state)
{
	(void)state;
	for (size_t len = CMD_NAME_MAX; len <= CMD_NAME_MAX + 1; len++) {
		struct tail_target target;
		char *uri = xasprintf("/logtail/%*s", (int)len, "x");

		assert_int_equal(
		    tail_target_parse(uri, &target), len <= CMD_NAME_MAX ? 0 : -1);
		free(uri);
		tail_target_clear(&target);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
