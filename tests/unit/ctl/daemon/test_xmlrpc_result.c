#include "ctl/daemon/xmlrpc_result.h"

#include "common/compiler.h"
#include "common/mem.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* New: parses JSON that is written with ' for ". */
static json_t *
json(const char *text)
{
	char *copy = xstrdup(text);
	json_t *value;

	for (char *c = copy; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	value = json_loads(copy, JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	free(copy);
	return value;
}

/* Values that no method with several results returns. */
static const char *const misshapen[] = { "null", "true", "1", "1.5", "'a'", "{}",
	"{'name': 'a', 'group': 'b', 'statename': 'RUNNING'}", "[1]", "['a']", "[null]",
	"[[]]", "[{}]", "[{'name': 'a'}]",
	"[{'name': 'a', 'group': 1, 'statename': 'RUNNING'}]",
	"[{'name': null, 'group': 'b', 'statename': 'RUNNING'}]",
	"[{'name': 'a', 'group': 'b', 'statename': 'RUNNING'}, 1]" };

static void
never(void *ctx, const struct bulk_result *r)
{
	(void)ctx;
	fail_msg("called for %s", r->name);
}

static void
test_misshapen(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(misshapen); i++) {
		struct process_info *infos = NULL;
		json_t *value = json(misshapen[i]), *same = value;
		int64_t now = 7;
		size_t count = 0;

		assert_int_equal(xmlrpc_result_rows(value, &infos, &count, &now), -1);
		assert_null(infos);
		assert_int_equal(now, 7);
		assert_int_equal(xmlrpc_result_each(value, never, NULL), -1);
		assert_false(xmlrpc_result_is_list(value, NULL));
		assert_int_equal(xmlrpc_result_name_changes(&value), -1);
		assert_ptr_equal(value, same);
		json_decref(value);
	}
	assert_false(xmlrpc_result_is_list(NULL, NULL));
	assert_int_equal(xmlrpc_result_each(NULL, never, NULL), -1);
}

/* The only row in the JSON text; free it with row_free. */
static struct process_info *
row(const char *text, int64_t *now)
{
	struct process_info *infos;
	json_t *value = json(text);
	size_t count;

	assert_int_equal(xmlrpc_result_rows(value, &infos, &count, now), 0);
	assert_int_equal(count, 1);
	json_decref(value);
	return infos;
}

static void
row_free(struct process_info *info)
{
	process_info_clear(info);
	free(info);
}

static void
test_row(void **state)
{
	int64_t now = 7;
	struct process_info *info =
	    row("[{'name': 'a', 'group': 'g', 'statename':"
		"'EXITED', 'pid': 12, 'start': 100, 'stop': 165, 'now': 170,"
		"'exitstatus': -1, 'spawnerr': 'e', 'description': 'd',"
		"'stdout_logfile': 'o', 'stderr_logfile': 'r',"
		"'unknown': []}]",
		&now);

	(void)state;
	assert_string_equal(info->name, "a");
	assert_string_equal(info->group, "g");
	assert_int_equal(info->state, PROCESS_EXITED);
	assert_int_equal(info->pid, 12);
	assert_int_equal(info->start, 100);
	assert_int_equal(info->stop, 165);
	assert_int_equal(info->exitstatus, -1);
	assert_int_equal(now, 170);
	assert_string_equal(info->spawnerr, "e");
	assert_string_equal(info->stopped_at, "d");
	assert_string_equal(info->stdout_logfile, "o");
	assert_string_equal(info->stderr_logfile, "r");
	row_free(info);
}

/* Rows of reeve.getAllProcessInfo. */
static void
test_whole_rows(void **state)
{
	int64_t now = 7;
	struct process_info *info =
	    row("[{'name': 'a', 'group': 'g', 'statename': 'FATAL', 'ready': true,"
		"'health': 'unhealthy', 'waiting_for': 'db', 'next_start': 9,"
		"'restarts': 5000000000.0, 'paused': true,"
		"'last_exit': {'signal': 9, 'time': 8, 'reason': 'killed by SIGKILL'}}]",
		&now);

	(void)state;
	assert_int_not_equal(info->id, 0);
	assert_true(info->ready);
	assert_int_equal(info->health, HEALTH_UNHEALTHY);
	assert_string_equal(info->waiting_for, "db");
	assert_int_equal(info->next_start, 9);
	assert_int_equal(info->restarts, 5000000000);
	assert_true(info->paused);
	assert_int_equal(info->last_signal, 9);
	row_free(info);
	info = row("[{'name': 'a', 'group': 'g', 'statename': 'STOPPED', 'ready': 1,"
		   "'health': 7, 'waiting_for': [], 'restarts': -1, 'last_exit':"
		   "{'status': 3, 'signal': 4}}]",
	    &now);
	assert_int_not_equal(info->id, 0);
	assert_false(info->ready);
	assert_int_equal(info->health, HEALTH_UNKNOWN);
	assert_string_equal(info->waiting_for, "");
	assert_int_equal(info->restarts, 0);
	assert_int_equal(info->last_status, 3);
	assert_int_equal(info->last_signal, 0);
	row_free(info);
	info = row(
	    "[{'name': 'a', 'group': 'g', 'statename': 'STOPPED', 'last_exit': []}]", &now);
	assert_int_equal(info->id, 0);
	assert_int_equal(info->last_signal, -1);
	row_free(info);
}

/* Rows with names and state only, with other types, or with impossible numbers. */
static void
test_poor_rows(void **state)
{
	static const char *const rows[] = {
		"[{'name': '', 'group': '', 'statename': 'RUNNING'}]",
		"[{'name': '', 'group': '', 'statename': 'RUNNING', 'pid': '1',"
		"  'start': [], 'stop': 1.5, 'now': null, 'exitstatus': {}, 'spawnerr': 1,"
		"  'description': [], 'stdout_logfile': null, 'stderr_logfile': true}]",
		"[{'name': '', 'group': '', 'statename': 'RUNNING', 'pid': 4294967297,"
		"  'start': -9223372036854775808, 'stop': 9223372036854775807, 'now':"
		"  9223372036854775807, 'exitstatus': 4294967296}]",
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		int64_t now = 7;
		struct process_info *info = row(rows[i], &now);

		assert_int_equal(info->pid, 0);
		assert_int_equal(info->start, 0);
		assert_int_equal(info->stop, 0);
		assert_int_equal(info->exitstatus, 0);
		assert_int_equal(now, 7);
		assert_string_equal(info->spawnerr, "");
		assert_string_equal(info->stopped_at, "");
		assert_string_equal(info->stderr_logfile, "");
		row_free(info);
	}
}

static void
test_unknown_state(void **state)
{
	int64_t now = 7;
	struct process_info *info = row("[{'name': 'a', 'group': 'a',"
					"'statename': 'DREAMING'}]",
	    &now);

	(void)state;
	assert_int_equal(info->state, PROCESS_UNKNOWN);
	row_free(info);
}

static void
note(void *ctx, const struct bulk_result *r)
{
	char *text = ctx, *end = text + strlen(text);

	snprintf(end, 256 - (size_t)(end - text), "%s:%s %d %s;", r->group, r->name,
	    (int)r->fault, r->text);
}

static void
test_each(void **state)
{
	json_t *value =
	    json("["
		 "{'name': 'a', 'group': 'g', 'status': 80, 'description': 'OK'},"
		 "{'name': 'b', 'group': 'g', 'status': 70, 'description': 'NOT_RUNNING'},"
		 "{'name': 'c', 'group': 'g'},"
		 "{'name': 'd', 'group': 'g', 'status': 4294967376},"
		 "{'name': 'e', 'group': 'g', 'status': -1}]");
	char text[256] = "";

	(void)state;
	assert_int_equal(xmlrpc_result_each(value, note, text), 0);
	assert_string_equal(text, "g:a 0 OK;g:b 70 NOT_RUNNING;g:c 30 ;g:d 30 ;g:e 30 ;");
	json_decref(value);
}

static void
test_changes(void **state)
{
	json_t *value = json("[[['a', 'b'], [], ['\xd0\xb8']]]"), *want;

	(void)state;
	assert_int_equal(xmlrpc_result_name_changes(&value), 0);
	want = json("{'added': ['a', 'b'], 'changed': [], 'removed': ['\xd0\xb8']}");
	assert_true(json_equal(value, want));
	json_decref(want);
	json_decref(value);
}

static void
test_bad_changes(void **state)
{
	static const char *const bad[] = { "[]", "[[]]", "[[[], []]]", "[[[], [], 1]]",
		"[[[], [1], []]]", "[[['a', null], [], []]]", "[{}]", "[['a', 'b', 'c']]" };

	(void)state;
	for (size_t i = 0; i < nitems(bad); i++) {
		json_t *value = json(bad[i]);

		assert_int_equal(xmlrpc_result_name_changes(&value), -1);
		json_decref(value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_misshapen),
		cmocka_unit_test(test_row),
		cmocka_unit_test(test_whole_rows),
		cmocka_unit_test(test_poor_rows),
		cmocka_unit_test(test_unknown_state),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_bad_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
