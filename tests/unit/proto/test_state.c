#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"
#include "proto/state.h"

/* A new member must be added to the comparison and the sample below. */
_Static_assert(sizeof(void *) != 8 || sizeof(struct daemon_info) == 56,
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
	assert_string_equal(verdict_name((enum verdict)99), "unknown");
	assert_int_equal(verdict_parse("stopped"), VERDICT_STOPPED);
	assert_string_equal(
	    state_word_name(state_health_words, HEALTH_UNHEALTHY), "unhealthy");
	assert_string_equal(state_word_name(state_health_words, 99), "unknown");
	assert_int_equal(state_word_code(state_health_words, "healthy"), HEALTH_HEALTHY);
	assert_int_equal(state_word_code(state_health_words, "Healthy"), -1);
}

static char text_group[] = "g", text_name[] = "p", text_empty[] = "";
static char text_error[] = "can't find command '/x'", text_date[] = "Nov 22 04:12 PM";
static char text_out[] = "/tmp/out \xc3\xa9";

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

static void
test_daemon_both_ways(void **state)
{
	static const struct daemon_info daemon = {
		.state = DAEMON_SHUTDOWN, .fatal_reason = text_error, .pid = 77,
		.start = 1764000000, .identifier = text_name, .logfile = text_out,
		.has_main_interface = true,
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
	assert_int_equal(got.start, daemon.start);
	assert_string_equal(got.identifier, daemon.identifier);
	assert_string_equal(got.logfile, daemon.logfile);
	assert_true(got.has_main_interface);
	daemon_info_clear(&got);
	assert_null(got.identifier);
}

static void
test_daemon_not_utf8(void **state)
{
	struct daemon_info daemon = {
		.state = DAEMON_FATAL, .fatal_reason = strdup("no \xff"),
		.identifier = strdup("\xfc"), .logfile = strdup("/l\xe9"),
	};
	json_t *json;

	(void)state;
	assert_null(daemon_info_write(&daemon));
	assert_int_equal(daemon_info_to_utf8(&daemon), 1);
	assert_string_equal(daemon.fatal_reason, "no \xef\xbf\xbd");
	json = daemon_info_write(&daemon);
	assert_non_null(json);
	json_decref(json);
	assert_int_equal(daemon_info_to_utf8(&daemon), 0);
	daemon_info_clear(&daemon);
}

/* A daemon row with texts at their limit fits a frame; longer texts are cut. */
static void
test_daemon_long_texts(void **state)
{
	char *text = malloc(STATE_TEXT_MAX + 3);
	struct daemon_info daemon = { .fatal_reason = text, .identifier = text,
		.logfile = text }, got;
	json_t *json;
	struct buf frame;

	(void)state;
	assert_non_null(text);
	(void)memset(text, 1, STATE_TEXT_MAX);
	memcpy(text + STATE_TEXT_MAX - 1, "\xc3\xa9x", 4);
	json = daemon_info_write(&daemon);
	buf_init(&frame, 0);
	assert_int_equal(frame_write(&frame, NULL, json), 0);
	buf_clear(&frame);
	assert_int_equal(daemon_info_read(json, &got), 0);
	json_decref(json);
	assert_int_equal(strlen(got.identifier), STATE_TEXT_MAX - 1);
	daemon_info_clear(&got);
	free(text);
}

static bool
accepts_daemon(const json_t *json)
{
	struct daemon_info info;
	int r = daemon_info_read(json, &info);

	daemon_info_clear(&info);
	return r == 0;
}

/* Without one of its members, or with one of another type, a row is refused. */
static void
test_members(void **state)
{
	static const struct daemon_info daemon = {
		.state = DAEMON_RUNNING, .fatal_reason = text_empty,
		.identifier = text_name, .logfile = text_empty,
	};
	json_t *whole = daemon_info_write(&daemon), *value;
	const char *key;

	(void)state;
	assert_true(accepts_daemon(whole));
	json_object_foreach(whole, key, value) {
		json_t *copy = json_copy(whole);

		assert_int_equal(json_object_del(copy, key), 0);
		if (accepts_daemon(copy) != (strcmp(key, "start") == 0))
			fail_msg("without %s", key); /* older masters lack only start */
		(void)json_object_set_new(copy, key, json_array());
		if (accepts_daemon(copy))
			fail_msg("accepted with an array as %s", key);
		json_decref(copy);
	}
	(void)json_object_set_new(whole, "later", json_integer(1));
	assert_true(accepts_daemon(whole));
	json_decref(whole);
	assert_false(accepts_daemon(NULL));
}

static void
test_daemon_codes(void **state)
{
	static const struct {
		json_int_t code;
		const char *name;	/* NULL = refused */
	} codes[] = {
		{-1, "SHUTDOWN"}, {0, "RESTARTING"}, {1, "RUNNING"}, {2, "FATAL"},
		{3, "UNKNOWN"}, {-2, "UNKNOWN"}, {2147483648, NULL}, {-2147483649, NULL},
	};
	struct daemon_info daemon;

	(void)state;
	for (size_t i = 0; i < nitems(codes); i++) {
		json_t *json = json_pack("{sI, ss, si, ss, ss, sb}", "state", codes[i].code,
		    "fatal_reason", "", "pid", 1, "identifier", "", "logfile", "",
		    "has_main_interface", 0);

		assert_int_equal(
		    daemon_info_read(json, &daemon), codes[i].name != NULL ? 0 : -1);
		if (codes[i].name != NULL) {
			assert_int_equal(daemon.state, codes[i].code);
			assert_string_equal(daemon_state_name(daemon.state), codes[i].name);
		}
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
		cmocka_unit_test(test_daemon_both_ways),
		cmocka_unit_test(test_daemon_not_utf8),
		cmocka_unit_test(test_daemon_long_texts),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_daemon_codes),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
