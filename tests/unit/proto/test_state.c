#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "proto/state.h"

/* Whoever adds a member extends the comparison and the sample below. */
_Static_assert(sizeof(void *) != 8 || sizeof(struct process_info) == 120,
    "process_info has changed: compare its new member");
_Static_assert(sizeof(void *) != 8 || sizeof(struct daemon_info) == 48,
    "daemon_info has changed: compare its new member");

static const struct {
	enum process_state state;
	int code;
	const char *name;
	bool stopped, running, signallable;
} states[] = {
	{PROCESS_STOPPED, 0, "STOPPED", true, false, false},
	{PROCESS_STARTING, 10, "STARTING", false, true, true},
	{PROCESS_RUNNING, 20, "RUNNING", false, true, true},
	{PROCESS_BACKOFF, 30, "BACKOFF", false, true, false},
	{PROCESS_STOPPING, 40, "STOPPING", false, false, true},
	{PROCESS_EXITED, 100, "EXITED", true, false, false},
	{PROCESS_FATAL, 200, "FATAL", true, false, false},
	{PROCESS_UNKNOWN, 1000, "UNKNOWN", true, false, false},
};

static void
test_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(states); i++) {
		enum process_state s = states[i].state;

		assert_int_equal(s, states[i].code);
		assert_string_equal(process_state_name(s), states[i].name);
		assert_int_equal(process_state_parse(states[i].name), s);
		assert_int_equal(process_state_is_stopped(s), states[i].stopped);
		assert_int_equal(process_state_is_running(s), states[i].running);
		assert_int_equal(process_state_is_signallable(s), states[i].signallable);
	}
	assert_int_equal(process_state_parse("running"), -1);
	assert_int_equal(process_state_parse(""), -1);
	assert_string_equal(process_state_name((enum process_state)7), "UNKNOWN");
	assert_false(process_state_is_stopped((enum process_state)7));
}

static void
test_daemon_states(void **state)
{
	(void)state;
	assert_string_equal(daemon_state_name(DAEMON_SHUTDOWN), "SHUTDOWN");
	assert_string_equal(daemon_state_name(DAEMON_RESTARTING), "RESTARTING");
	assert_string_equal(daemon_state_name(DAEMON_RUNNING), "RUNNING");
	assert_string_equal(daemon_state_name(DAEMON_FATAL), "FATAL");
	assert_string_equal(verdict_name(VERDICT_EXITED_EARLY), "exited-early");
	assert_string_equal(verdict_name((enum verdict)99), "none");
}

static char text_group[] = "g", text_name[] = "p", text_empty[] = "";
static char text_error[] = "can't find command '/x'", text_date[] = "Nov 22 04:12 PM";
static char text_out[] = "/tmp/out \xc3\xa9", text_err[] = "/tmp/err";

static const struct {
	enum process_state state;
	int64_t start, now;
	char *spawnerr, *stopped_at;
	const char *want;
} descriptions[] = {
	{PROCESS_RUNNING, 1000, 1000, text_empty, text_empty, "pid 42, uptime 0:00:00"},
	{PROCESS_RUNNING, 1000, 1059, text_empty, text_empty, "pid 42, uptime 0:00:59"},
	{PROCESS_RUNNING, 1000, 4661, text_empty, text_empty, "pid 42, uptime 1:01:01"},
	{PROCESS_RUNNING, 1000, 87399, text_empty, text_empty, "pid 42, uptime 23:59:59"},
	{PROCESS_RUNNING, 1000, 87400, text_empty, text_empty,
	    "pid 42, uptime 1 day, 0:00:00"},
	{PROCESS_RUNNING, 0, 2 * 86400 + 36061, text_empty, text_empty,
	    "pid 42, uptime 2 days, 10:01:01"},
	{PROCESS_RUNNING, 0, 1784073600, text_empty, text_empty,
	    "pid 42, uptime 20649 days, 0:00:00"},
	{PROCESS_RUNNING, 1000, 999, text_empty, text_empty, "pid 42, uptime 0:00:00"},
	{PROCESS_RUNNING, 1000, -99999, text_empty, text_empty, "pid 42, uptime 0:00:00"},
	{PROCESS_FATAL, 1, 2, text_error, text_date, "can't find command '/x'"},
	{PROCESS_BACKOFF, 1, 2, text_error, text_empty, "can't find command '/x'"},
	{PROCESS_FATAL, 1, 2, text_empty, text_empty, "unknown error (try \"tail p\")"},
	{PROCESS_BACKOFF, 1, 2, text_empty, text_empty, "unknown error (try \"tail p\")"},
	{PROCESS_STOPPED, 1, 2, text_error, text_date, "Nov 22 04:12 PM"},
	{PROCESS_EXITED, 1, 2, text_empty, text_date, "Nov 22 04:12 PM"},
	{PROCESS_STARTING, 1, 2, text_error, text_date, ""},
	{PROCESS_STOPPING, 1, 2, text_error, text_date, ""},
	{PROCESS_UNKNOWN, 1, 2, text_error, text_date, ""},
};

static void
test_descriptions(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(descriptions); i++) {
		struct process_info info = {
			.group = text_group, .name = text_name, .pid = 42,
			.state = descriptions[i].state, .start = descriptions[i].start,
			.spawnerr = descriptions[i].spawnerr,
			.stopped_at = descriptions[i].stopped_at,
		};
		char *text = process_info_description(&info, descriptions[i].now);

		assert_string_equal(text, descriptions[i].want);
		free(text);
	}
}

static const struct {
	const char *spec, *group, *name, *join;
} namespecs[] = {
	{"web", "web", "web", "web"},
	{"g:p", "g", "p", "g:p"},
	{"g:g", "g", "g", "g"},
	{"a:b:c", "a", "b:c", "a:b:c"},
	{"g:*", "g", NULL, NULL},
	{"g:", "g", NULL, NULL},
	{"g:**", "g", "**", "g:**"},
	{"g:*:x", "g", "*:x", "g:*:x"},
	{"*", "*", "*", "*"},
	{":p", "", "p", ":p"},
	{":", "", NULL, NULL},
	{"", "", "", ""},
};

static void
test_namespecs(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(namespecs); i++) {
		char *group, *name, *joined;

		namespec_split(namespecs[i].spec, &group, &name);
		assert_string_equal(group, namespecs[i].group);
		if (namespecs[i].name == NULL) {
			assert_null(name);
		} else {
			assert_string_equal(name, namespecs[i].name);
			joined = namespec_join(group, name);
			assert_string_equal(joined, namespecs[i].join);
			free(joined);
		}
		free(group);
		free(name);
	}
}

static const struct process_info sample = {
	.id = 9007199254740993, .spawn = 7, .last_spawn = 6,
	.verdict = VERDICT_EXITED_EARLY,
	.group = text_group, .name = text_name, .state = PROCESS_BACKOFF, .pid = INT_MAX,
	.start = 5000000000, .stop = 4999999999, .exitstatus = -1, .spawnerr = text_error,
	.stopped_at = text_date, .stdout_logfile = text_out, .stderr_logfile = text_err,
	.fed_by_pipe = true,
};

static const char *const may_lack[] = {
	"last", "pid", "start", "stop", "exitstatus", "spawnerr", "stopped_at",
	"stdout_logfile", "stderr_logfile", "fed_by_pipe",
};

static bool
process_lacks(const char *key)
{
	for (size_t i = 0; i < nitems(may_lack); i++)
		if (strcmp(may_lack[i], key) == 0)
			return true;
	return false;
}

/* New. */
static json_t *
row_json(const struct process_info *info, bool whole)
{
	struct buf text;
	json_t *json;

	buf_init(&text, 0);
	assert_int_equal(process_info_write(&text, info, whole), 0);
	json = json_loadb(buf_data(&text), buf_len(&text), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	buf_clear(&text);
	return json;
}

static void
test_process_both_ways(void **state)
{
	json_t *json = row_json(&sample, false);
	struct process_info got;

	(void)state;
	assert_non_null(json);
	assert_int_equal(process_info_read(json, &got), 0);
	json_decref(json);
	assert_int_equal(got.id, sample.id);
	assert_int_equal(got.spawn, sample.spawn);
	assert_int_equal(got.last_spawn, sample.last_spawn);
	assert_int_equal(got.verdict, sample.verdict);
	assert_string_equal(got.group, sample.group);
	assert_string_equal(got.name, sample.name);
	assert_int_equal(got.state, sample.state);
	assert_int_equal(got.pid, sample.pid);
	assert_int_equal(got.start, sample.start);
	assert_int_equal(got.stop, sample.stop);
	assert_int_equal(got.exitstatus, sample.exitstatus);
	assert_string_equal(got.spawnerr, sample.spawnerr);
	assert_string_equal(got.stopped_at, sample.stopped_at);
	assert_string_equal(got.stdout_logfile, sample.stdout_logfile);
	assert_string_equal(got.stderr_logfile, sample.stderr_logfile);
	assert_true(got.fed_by_pipe);
	process_info_clear(&got);
	assert_null(got.group);
}

/* What goes without saying is said in a whole row alone. */
static void
test_process_left_out(void **state)
{
	const struct process_info fresh = {
		.id = 1, .group = text_group, .name = text_name, .spawnerr = text_empty,
		.stopped_at = text_empty, .stdout_logfile = text_empty,
		.stderr_logfile = text_empty, .fed_by_pipe = true,
	};
	json_t *part = row_json(&fresh, false), *whole = row_json(&fresh, true);
	struct process_info got;

	(void)state;
	assert_int_equal(json_object_size(part), 5);
	assert_int_equal(json_object_size(whole), 5 + nitems(may_lack));
	assert_int_equal(process_info_read(part, &got), 0);
	json_decref(part);
	assert_int_equal(got.last_spawn, 0);
	assert_int_equal(got.verdict, VERDICT_NONE);
	assert_int_equal(got.pid, 0);
	assert_string_equal(got.spawnerr, "");
	assert_string_equal(got.stderr_logfile, "");
	assert_true(got.fed_by_pipe);
	process_info_clear(&got);
	json_decref(whole);
}

/* Text of any kind arrives; what is no text at all adds nothing. */
static void
test_process_texts(void **state)
{
	static const char *const texts[] = {
		"a\"b\\c/d", "tab\tnewline\nend\x01", "\xc3\xbc\xe4\xb8\xad\xf0\x9f\x98\x80",
		"\x7f", " ",
	};
	struct process_info info = sample, got;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++) {
		char *text = xstrdup(texts[i]);
		json_t *json;

		info.name = info.spawnerr = text;
		json = row_json(&info, false);
		assert_int_equal(process_info_read(json, &got), 0);
		assert_string_equal(got.name, texts[i]);
		assert_string_equal(got.spawnerr, texts[i]);
		process_info_clear(&got);
		json_decref(json);
		free(text);
	}
	buf_init(&out, 0);
	assert_int_equal(buf_puts(&out, "before"), 0);
	info.name = text_name;
	info.spawnerr = (char[]){"\xff"};
	assert_int_equal(process_info_write(&out, &info, false), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(buf_len(&out), 6);
	buf_clear(&out);
}

static void
test_process_all_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(states); i++) {
		for (int v = VERDICT_NONE; v <= VERDICT_STOPPED; v++) {
			struct process_info info = sample, got;
			json_t *json;

			info.state = states[i].state;
			info.verdict = (enum verdict)v;
			info.fed_by_pipe = v & 1;
			json = row_json(&info, v & 2);
			assert_int_equal(process_info_read(json, &got), 0);
			assert_int_equal(got.state, info.state);
			assert_int_equal(got.verdict, v);
			assert_int_equal(got.fed_by_pipe, info.fed_by_pipe);
			process_info_clear(&got);
			json_decref(json);
		}
	}
}

static void
test_daemon_both_ways(void **state)
{
	static const struct daemon_info daemon = {
		.state = DAEMON_SHUTDOWN, .fatal_reason = text_error, .pid = 77,
		.identifier = text_name, .logfile = text_out, .has_main_interface = true,
	};
	json_t *json = daemon_info_write(&daemon);
	struct daemon_info got;

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(json, "state")), -1);
	assert_int_equal(daemon_info_read(json, &got), 0);
	json_decref(json);
	assert_int_equal(got.state, daemon.state);
	assert_string_equal(got.fatal_reason, daemon.fatal_reason);
	assert_int_equal(got.pid, daemon.pid);
	assert_string_equal(got.identifier, daemon.identifier);
	assert_string_equal(got.logfile, daemon.logfile);
	assert_true(got.has_main_interface);
	daemon_info_clear(&got);
	assert_null(got.identifier);
}

static bool
daemon_lacks(const char *key UNUSED)
{
	return false;
}

/* Each member in turn is left out, and then is of another type. */
static void
check_every_member(json_t *whole, bool (*accepts)(const json_t *),
    bool (*is_optional)(const char *key))
{
	const char *key;
	json_t *value;

	assert_true(accepts(whole));
	json_object_foreach(whole, key, value) {
		json_t *copy = json_copy(whole);

		assert_int_equal(json_object_del(copy, key), 0);
		if (accepts(copy) != is_optional(key))
			fail_msg("without %s", key);
		(void)json_object_set_new(copy, key, json_array());
		if (accepts(copy))
			fail_msg("accepted with an array as %s", key);
		json_decref(copy);
	}
	(void)json_object_set_new(whole, "later", json_integer(1));
	assert_true(accepts(whole));
	json_decref(whole);
	assert_false(accepts(NULL));
}

static bool
accepts_process(const json_t *json)
{
	struct process_info info;
	int r = process_info_read(json, &info);

	process_info_clear(&info);
	return r == 0;
}

static bool
accepts_daemon(const json_t *json)
{
	struct daemon_info info;
	int r = daemon_info_read(json, &info);

	daemon_info_clear(&info);
	return r == 0;
}

static void
test_members(void **state)
{
	static const struct daemon_info daemon = {
		.state = DAEMON_RUNNING, .fatal_reason = text_empty,
		.identifier = text_name, .logfile = text_empty,
	};

	(void)state;
	check_every_member(row_json(&sample, true), accepts_process, process_lacks);
	check_every_member(daemon_info_write(&daemon), accepts_daemon, daemon_lacks);
}

static const struct {
	const char *key, *value;
} wrong[] = {
	{"id", "0"}, {"id", "-1"}, {"spawn", "-1"}, {"pid", "-1"}, {"pid", "2147483648"},
	{"exitstatus", "2147483648"}, {"state", "\"RUNNNING\""}, {"state", "20"},
	{"last", "{\"spawn\":1}"}, {"last", "{\"spawn\":-1,\"verdict\":\"none\"}"},
	{"last", "{\"spawn\":1,\"verdict\":\"perhaps\"}"}, {"fed_by_pipe", "1"},
};

static void
test_wrong_values(void **state)
{
	struct daemon_info daemon;

	(void)state;
	for (size_t i = 0; i < nitems(wrong); i++) {
		json_t *json = row_json(&sample, true);

		(void)json_object_set_new(json, wrong[i].key,
		    json_loads(wrong[i].value, JSON_DECODE_ANY, NULL));
		if (accepts_process(json))
			fail_msg("accepted %s as %s", wrong[i].value, wrong[i].key);
		json_decref(json);
	}
	for (int code = -3; code < 5; code++) {
		json_t *json = json_pack("{si, ss, si, ss, ss, sb}", "state", code,
		    "fatal_reason", "", "pid", 1, "identifier", "", "logfile", "",
		    "has_main_interface", 0);

		assert_int_equal(daemon_info_read(json, &daemon),
		    code >= -1 && code <= 2 ? 0 : -1);
		daemon_info_clear(&daemon);
		json_decref(json);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_daemon_states),
		cmocka_unit_test(test_descriptions),
		cmocka_unit_test(test_namespecs),
		cmocka_unit_test(test_process_both_ways),
		cmocka_unit_test(test_process_left_out),
		cmocka_unit_test(test_process_texts),
		cmocka_unit_test(test_process_all_values),
		cmocka_unit_test(test_daemon_both_ways),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_wrong_values),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
