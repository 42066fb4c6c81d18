/* Table: the rows are consistent, and the signatures are supervisord's. */
#include "rpcd/methods/table.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const struct method_source *const sources[] = { &method_table, NULL };

static void
test_rows(void **state UNUSED)
{
	const struct method_row *methods;
	size_t n;

	methods = method_table_rows(&n);
	assert_int_equal(n, API_SUPERVISOR_METHODS);
	for (size_t i = 0; i < n; i++) {
		const struct api_method *method = &api_supervisor_methods[i];
		char *help = method_help(method);
		struct method found;

		assert_string_equal(methods[i].name, method->name);
		assert_true(method_find(sources, method->name, &found));
		assert_ptr_equal(found.api, method);
		assert_true(found.handler == methods[i].handler);
		assert_int_equal(found.wait, methods[i].wait);
		assert_non_null(methods[i].handler);
		assert_true(method->role > ROLE_NONE && method->role < ROLE_MAX);
		assert_false(method_takes(method, 4));
		assert_non_null(strstr(help, method->help));
		assert_non_null(strstr(help, "@return "));
		free(help);
	}
}

static const struct {
	const char *name, *signature;
	size_t least, most;
} rows[] = {
	{"supervisor.getAPIVersion", "[\"string\"]", 0, 0},
	{"supervisor.getState", "[\"struct\"]", 0, 0},
	{"supervisor.getPID", "[\"int\"]", 0, 0},
	{"supervisor.readLog", "[\"string\",\"int\",\"int\"]", 2, 2},
	{"supervisor.clearLog", "[\"boolean\"]", 0, 0},
	{"supervisor.clearAllProcessLogs", "[\"array\"]", 0, 0},
	{"supervisor.shutdown", "[\"boolean\"]", 0, 0},
	{"supervisor.startProcess", "[\"boolean\",\"string\",\"boolean\"]", 1, 2},
	{"supervisor.stopProcess", "[\"boolean\",\"string\",\"boolean\"]", 1, 2},
	{"supervisor.startProcessGroup", "[\"array\",\"string\",\"boolean\"]", 1, 2},
	{"supervisor.stopAllProcesses", "[\"array\",\"boolean\"]", 0, 1},
	{"supervisor.signalProcess", "[\"boolean\",\"string\",\"string\"]", 2, 2},
	{"supervisor.signalProcessGroup", "[\"array\",\"string\",\"string\"]", 2, 2},
	{"supervisor.signalAllProcesses", "[\"array\",\"string\"]", 1, 1},
	{"supervisor.getAllProcessInfo", "[\"array\"]", 0, 0},
	{"supervisor.getProcessInfo", "[\"struct\",\"string\"]", 1, 1},
	{"supervisor.readProcessStdoutLog",
	    "[\"string\",\"string\",\"int\",\"int\"]", 3, 3},
	{"supervisor.tailProcessLog", "[\"array\",\"string\",\"int\",\"int\"]", 3, 3},
	{"supervisor.clearProcessLogs", "[\"boolean\",\"string\"]", 1, 1},
	{"supervisor.sendProcessStdin", "[\"boolean\",\"string\",\"string\"]", 2, 2},
	{"system.listMethods", "[\"array\"]", 0, 0},
	{"system.methodHelp", "[\"string\",\"string\"]", 1, 1},
	{"system.methodSignature", "[\"array\",\"string\"]", 1, 1},
	{"system.multicall", "[\"array\",\"array\"]", 1, 1},
};

static void
test_signatures(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(rows); i++) {
		json_auto_t *signature = NULL;
		struct method method;
		char *text;

		assert_true(method_find(sources, rows[i].name, &method));
		signature = method_signature(method.api);
		text = json_dumps(signature, JSON_COMPACT);
		assert_string_equal(text, rows[i].signature);
		free(text);
		for (size_t n = 0; n < 5; n++)
			assert_int_equal(method_takes(method.api, n),
			    n >= rows[i].least && n <= rows[i].most);
	}
}

static void
test_unknown(void **state UNUSED)
{
	static const char *const names[] = {
		"", "supervisor", "supervisor.", "supervisor.__init__", "getState",
		"system.listmethods", "supervisor.supervisord.options",
		"supervisor.getState ",
	};

	for (size_t i = 0; i < nitems(names); i++) {
		struct method method;

		assert_false(method_find(sources, names[i], &method));
		assert_null(method.api);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
