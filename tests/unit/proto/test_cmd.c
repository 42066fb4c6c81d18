#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cmd.h"

/* The table "Methods" of man/reeve-protocol.7. */
static const struct {
	const char *name, *params, *role, *marks;
} manual[] = {
	{"hello", "protocol, program", "-", "r s f"},
	{"subscribe", "", "states", "s f"},
	{"ready", "", "-", "r s f"},
	{"process.start", "name", "operate", "r"},
	{"process.stop", "name", "operate", "r"},
	{"process.signal", "name, signal", "operate", "r"},
	{"process.stdin", "name, data", "operate", "r"},
	{"group.start", "name", "operate", "r"},
	{"group.stop", "name", "operate", "r"},
	{"group.signal", "name, signal", "operate", "r"},
	{"group.add", "name", "admin", "r"},
	{"group.remove", "name", "admin", "r"},
	{"all.start", "", "operate", "r"},
	{"all.stop", "", "operate", "r"},
	{"all.signal", "signal", "operate", "r"},
	{"log.open", "name, stream", "view", "r"},
	{"log.clear", "name", "operate", "r"},
	{"all.clear", "", "operate", "r"},
	{"mainlog.open", "", "view", "r"},
	{"mainlog.clear", "", "operate", "r"},
	{"process.stats", "name", "states", "r s"},
	{"all.stats", "?after", "states", "r s"},
	{"process.restart", "names", "operate", "r"},
	{"group.restart", "name", "operate", ""},
	{"all.restart", "", "operate", ""},
	{"config.reread", "", "admin", "r"},
	{"config.rows", "from", "view", "r"},
	{"config.preview", "", "admin", ""},
	{"config.update", "?names", "admin", ""},
	{"event.send", "type, data, ?more", "operate", "r s"},
	{"daemon.shutdown", "", "admin", "r f"},
	{"daemon.restart", "", "admin", "r f"},
	{"daemon.upgrade", "", "admin", ""},
	{"daemon.answered", "", "-", "r s f"},
	{"frontend.active", "", "-", "r s f"},
	{"audit.report", "method, result, ?target, ?why, ?count", "-", "r s f"},
	{"daemon.figures", "?from", "-", "r s f"},
	{"auth.verify", "user, password", "-", "r s f"},
};

static void
expect_params(const struct cmd *cmd, const char *want)
{
	char names[128] = "", spec[128];
	char *rest = spec;

	(void)snprintf(spec, sizeof(spec), "%s", cmd->params);
	for (char *one; (one = strsep(&rest, ",")) != NULL && *one != '\0';) {
		one[strcspn(one, ":")] = '\0';
		if (*names != '\0')
			(void)strncat(names, ", ", sizeof(names) - strlen(names) - 1);
		(void)strncat(names, one, sizeof(names) - strlen(names) - 1);
	}
	assert_string_equal(names, want);
}

static void
test_manual(void **state)
{
	(void)state;
#ifndef REEVE_TEST_SEAM
	assert_int_equal(nitems(manual), CMD_MAX);
	assert_int_equal(cmd_find("daemon.break"), -1);
#endif
	for (size_t i = 0; i < nitems(manual); i++) {
		int id = cmd_find(manual[i].name);
		const struct cmd *cmd;
		const char *marks = manual[i].marks;

		assert_int_equal(id, i);
		cmd = &cmd_table[id];
		assert_string_equal(cmd->name, manual[i].name);
		expect_params(cmd, manual[i].params);
		assert_string_equal(
		    cmd->role == ROLE_NONE ? "-" : role_name(cmd->role), manual[i].role);
		assert_int_equal(!(cmd->flags & CMD_RPCD), strchr(marks, 'r') == NULL);
		assert_int_equal(
		    !(cmd->flags & CMD_IN_SHUTDOWN), strchr(marks, 's') == NULL);
		assert_int_equal(!(cmd->flags & CMD_IN_FATAL), strchr(marks, 'f') == NULL);
		assert_int_equal(!(cmd->flags & CMD_BEFORE_HELLO), id != CMD_HELLO);
		assert_int_equal(!(cmd->flags & CMD_ONLY_RPCD),
		    id != CMD_READY && id != CMD_DAEMON_ANSWERED &&
			id != CMD_FRONTEND_ACTIVE && id != CMD_AUDIT_REPORT &&
			id != CMD_DAEMON_FIGURES && id != CMD_AUTH_VERIFY);
	}
}

static void
test_find(void **state)
{
	static const char *const unknown[] = {
		"", "Hello", "hello ", "process", "process.", "process.start.", "part",
		"supervisor.startProcess",
	};

	(void)state;
	assert_int_equal(cmd_find("process.start"), CMD_PROCESS_START);
	assert_int_equal(cmd_find("daemon.restart"), CMD_DAEMON_RESTART);
	for (size_t i = 0; i < nitems(unknown); i++)
		assert_int_equal(cmd_find(unknown[i]), -1);
}

static const struct {
	const char *spec, *params;
	const char *why; /* NULL = accepted */
} checks[] = {
	{"?more:t", "{}", NULL},
	{"?more:t", "{\"more\":[]}", NULL},
	{"?more:t", "{\"more\":[\"a\",\"\"]}", NULL},
	{"?more:t", "{\"more\":[\"a\",1]}", "parameter 'more' must be an array of strings"},
	{"?more:t", "{\"more\":\"a\"}", "parameter 'more' must be an array of strings"},
	{"", "{}", NULL},
	{"", "{\"x\":1}", NULL},
	{"", NULL, NULL},
	{"name:s", "{\"name\":\"a\"}", NULL},
	{"name:s", "{\"name\":\"a\",\"more\":[]}", NULL},
	{"name:s", "{\"name\":\"\"}", NULL},
	{"name:s", "{}", "missing parameter 'name'"},
	{"name:s", NULL, "missing parameter 'name'"},
	{"name:s", "{\"name\":1}", "parameter 'name' must be a string"},
	{"name:s", "{\"name\":null}", "parameter 'name' must be a string"},
	{"name:s,signal:s", "{\"name\":\"a\"}", "missing parameter 'signal'"},
	{"name:s,signal:s", "{\"signal\":\"a\"}", "missing parameter 'name'"},
	{"name:s,signal:s", "{\"name\":\"a\",\"signal\":9}",
	    "parameter 'signal' must be a string"},
	{"protocol:i", "{\"protocol\":1}", NULL},
	{"protocol:i", "{\"protocol\":1.0}", "parameter 'protocol' must be an integer"},
	{"protocol:i", "{\"protocol\":\"1\"}", "parameter 'protocol' must be an integer"},
	{"protocol:i", "{\"protocol\":true}", "parameter 'protocol' must be an integer"},
	{"name:s,?wait:b", "{\"name\":\"a\"}", NULL},
	{"name:s,?wait:b", "{\"name\":\"a\",\"wait\":false}", NULL},
	{"name:s,?wait:b", "{\"name\":\"a\",\"wait\":0}",
	    "parameter 'wait' must be a boolean"},
	{"?wait:b,name:s", "{\"wait\":true}", "missing parameter 'name'"},
};

static void
test_params(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(checks); i++) {
		struct cmd cmd = { .name = "x", .params = checks[i].spec };
		json_t *params = NULL;
		char *why;
		bool ok;

		if (checks[i].params != NULL) {
			params = json_loads(checks[i].params, 0, NULL);
			assert_non_null(params);
		}
		ok = cmd_check_params(&cmd, params, &why);
		if (ok != (checks[i].why == NULL))
			fail_msg("%s against %s", checks[i].params, checks[i].spec);
		if (checks[i].why != NULL)
			assert_string_equal(why, checks[i].why);
		else
			assert_null(why);
		free(why);
		json_decref(params);
	}
}

/* Names and words are bounded, other strings are not. */
static void
test_bounds(void **state)
{
	static const struct {
		const char *spec;
		size_t max;	/* 0 = none */
	} rows[] = {
		{ "a:n", CMD_NAME_MAX }, { "a:w", CMD_WORD_MAX }, { "a:s", 0 },
		{ "?a:n", CMD_NAME_MAX }, { "?a:w", CMD_WORD_MAX },
	};
	static char text[2 * CMD_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		struct cmd cmd = { .params = rows[i].spec };
		size_t most = rows[i].max != 0 ? rows[i].max : sizeof(text) - 1;

		for (size_t n = most; n <= most + (rows[i].max != 0); n++) {
			json_t *params;
			char *why;

			memset(text, 'x', sizeof(text));
			params = json_pack("{ss%}", "a", text, n);
			assert_int_equal(cmd_check_params(&cmd, params, &why), n == most);
			assert_int_equal(why == NULL, n == most);
			free(why);
			json_decref(params);
		}
	}
	for (enum cmd_id id = 0; id < CMD_MAX; id++)
		assert_null(strstr(cmd_table[id].params, "name:s"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("cmd", tests, NULL, NULL);
}
