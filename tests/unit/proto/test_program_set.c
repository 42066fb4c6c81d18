/* Program_set: what the items of programs= name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/compiler.h"
#include "proto/program_set.h"

#define ITEMS 5

static const struct {
	const char *items[ITEMS];
	const char *group, *name;
	bool process, whole, all;
} rows[] = {
	{ { NULL }, "web", "web", false, false, false },
	{ { "all" }, "web", "web", true, true, true },
	{ { "*" }, "web", "web", true, true, true },
	{ { "*:*" }, "web", "web", true, true, true },
	{ { "*:" }, "web", "web", true, true, true },
	{ { "db", "all" }, "web", "web", true, true, true },
	{ { "all:all" }, "web", "web", false, false, false },
	{ { "web" }, "web", "web", true, true, false },
	{ { "web" }, "web", "other", true, true, false },
	{ { "web:*" }, "web", "web_01", true, true, false },
	{ { "web:" }, "web", "web_01", true, true, false },
	{ { "web" }, "webs", "web", false, false, false },
	{ { "web" }, "WEB", "WEB", false, false, false },
	{ { "web" }, "", "", false, false, false },
	{ { "web:web_01" }, "web", "web_01", true, false, false },
	{ { "web:web_01" }, "web", "web_02", false, false, false },
	{ { "web:web_01" }, "web_01", "web", false, false, false },
	{ { "web:a:b" }, "web", "a:b", true, false, false },
	{ { "web:a:b" }, "web", "a", false, false, false },
	{ { "web:web_01", "web:web_02" }, "web", "web_02", true, false, false },
	{ { "web:web_01", "web" }, "web", "web_03", true, true, false },
	{ { "db*" }, "db", "x", true, true, false },
	{ { "db*" }, "dbase", "x", true, true, false },
	{ { "db*" }, "adb", "x", false, false, false },
	{ { "db?:*" }, "db1", "x", true, true, false },
	{ { "d[ab]" }, "db", "x", true, true, false },
	{ { "web:web_0*" }, "web", "web_07", true, false, false },
	{ { "web:web_0*" }, "web", "web_10", false, false, false },
	{ { "web:web_0*", "web:web_1*" }, "web", "web_10", true, false, false },
	{ { "*:worker" }, "any", "worker", true, false, false },
	{ { "*:worker" }, "any", "workers", false, false, false },
	{ { "w*:a", "w*:b" }, "web", "b", true, false, false },
	{ { "w*:a*", "*b:x" }, "web", "x", true, false, false },
	{ { "w\\*" }, "w*", "x", true, true, false },
	{ { "w\\*" }, "web", "x", false, false, false },
	{ { "[" }, "[", "x", true, true, false },
	{ { ":web" }, "", "web", true, false, false },
	{ { "" }, "web", "web", false, false, false },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		struct program_set *set = program_set_new(rows[i].items);

		assert_non_null(set);
		if (program_set_has(set, rows[i].group, rows[i].name) != rows[i].process ||
		    program_set_has_group(set, rows[i].group) != rows[i].whole ||
		    program_set_is_all(set) != rows[i].all)
			fail_msg("row %zu: %s", i, rows[i].items[0]);
		program_set_free(set);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests_name("program_set", tests, NULL, NULL);
}
