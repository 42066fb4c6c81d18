#include "ctl/shell/completion.h"

#include "tests/unit/ctl/commands/rows.h"

#include "common/buf.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct server_rows
rows_of(void *ctx)
{
	int *calls = ctx;

	++*calls;
	return rows_all;
}

static json_t *
config_of(void *ctx)
{
	int *calls = ctx;

	++*calls;
	return json_pack("[{s:s,s:b},{s:s,s:b},{s:s,s:b},{s:s}]", "group", "old", "inuse",
	    1, "group", "new", "inuse", 0, "group", "new", "inuse", 0, "group", "odd");
}

static void
completes(const char *line, const char *want, int rows_asked)
{
	struct words out = { 0 };
	struct buf text;
	int calls = 0;
	const struct completion_source source = { rows_of, config_of, &calls };

	completion_from(&source, line, &out);
	buf_init(&text, 0);
	for (size_t i = 0; i < out.count; i++)
		assert_int_equal(buf_printf(&text, "%s|", out.list[i]), 0);
	assert_int_equal(buf_append(&text, "", 1), 0);
	if (strcmp(buf_data(&text), want) != 0)
		fail_msg("'%s': %s", line, buf_data(&text));
	assert_int_equal(calls, rows_asked);
	buf_clear(&text);
	words_clear(&out);
}

static void
test_commands(void **state)
{
	(void)state;
	completes("sta", "start|status|", 0);
	completes("  sta", "start|status|", 0);
	completes("avail", "avail|", 0);
	completes("xyzzy", "", 0);
	completes("start", "start|", 0);
	completes("help sta", "start|status|", 0);
	completes("help", "help|", 0);
}

static void
test_processes(void **state)
{
	(void)state;
	completes("stop w", "web|web2|w*b|", 1);
	completes("stop web", "web|web2|", 1);
	completes("stop ",
	    "web|web2|g:one|g:*|g:web|w*b|it's|"
	    "\xd0\xb8\xd0\xbc\xd1\x8f|all|",
	    1);
	completes("stop g", "g:one|g:*|g:web|", 1);
	completes("stop g:", "g:one|g:*|g:web|", 1);
	completes("stop g:w", "g:web|", 1);
	completes("stop web:", "web:web|web:*|", 1);
	completes("stop web g:o", "g:one|", 1);
	completes("stop \xd0\xb8", "\xd0\xb8\xd0\xbc\xd1\x8f|", 1);
	/* The first byte of a letter. */
	completes("stop \xd0", "\xd0\xb8\xd0\xbc\xd1\x8f|", 1);
	completes("stop it'", "it's|", 1);
	completes("stop *", "", 1);
}

static void
test_groups(void **state)
{
	(void)state;
	completes("remove ", "web|web2|g|w*b|it's|\xd0\xb8\xd0\xbc\xd1\x8f|", 1);
	completes("add ", "new|", 1);
	completes("add o", "", 1);
	completes("update g", "g|", 1);
	completes("remove g:", "", 1);
}

static void
test_words(void **state)
{
	(void)state;
	completes("status --", "--json|--watch|", 1);
	completes("status web --", "", 1);
	completes("update --", "--dry-run|", 1);
	completes("tail -", "-f|-n|", 1);
	completes("tail web s", "stdout|stderr|", 1);
	completes("maintail -", "-f|-n|", 0);
	completes("signal US", "USR1|USR2|", 0);
	completes("signal T", "TRAP|TERM|TSTP|TTIN|TTOU|", 0);
	completes("signal _", "", 0);
	completes("signal USR1 web", "web|web2|", 1);
	completes("signal USR1 a", "all|", 1);
	completes("stop a", "all|", 1);
	completes("version ", "all|", 0);
}

/* Other commands have no names to complete. */
static void
test_nothing(void **state)
{
	(void)state;
	completes("shutdown ", "", 0);
	completes("xyzzy w", "", 0);
	completes("shutdown w", "", 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
