/* reeve.*: every method of proto/api.c is served, and the members of the results. */
#include "tests/unit/rpcd/methods/calls.h"

/* The members of reeve.* of a process that has never run. */
#define NEUTRAL \
	MEMBER("ready", BOOL("0")) MEMBER("health", STRING("none")) \
	MEMBER("waiting_for", STRING("")) MEMBER("next_start", INT("0")) \
	MEMBER("restarts", INT("0")) MEMBER("last_exit", STRUCT( \
	MEMBER("time", INT("0")) MEMBER("reason", STRING("")))) \
	MEMBER("paused", BOOL("0"))

/* Sends a change of a process as the stream does. */
static void
tell_members(struct fixture *f, const char *members)
{
	char *text = xasprintf("{\"seq\":%llu,\"process\":{\"id\":1,\"group\":\"web\","
			       "\"name\":\"web\",%s}}",
	    (unsigned long long)++f->seq, members);

	notify(f, "stream.process", json_loads(text, 0, NULL));
	free(text);
	turn(f);
}

static void
expect_member(struct fixture *f, const char *text)
{
	begin(f, "reeve.getProcessInfo", P("web"));
	if (strstr(f->reply, text) == NULL)
		fail_msg("no %s in %s", text, f->reply);
}

static void
test_every_method(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < API_MAX; i++) {
		struct method method;

		assert_true(method_find(f->rpcd.sources, api_methods[i].name, &method));
		assert_ptr_equal(method.api, &api_methods[i]);
		assert_non_null(method.handler);
	}
	begin(f, "system.listMethods", "");
	assert_non_null(strstr(f->reply,
	    ARRAY_BEGIN STRING("reeve.getAllProcessInfo") STRING("reeve.getAllProcessStats")
		STRING("reeve.getProcessInfo") STRING("reeve.getProcessStats")
		    STRING("reeve.restartProcesses") STRING("supervisor.addProcessGroup")));
	at_once(f, "system.methodSignature", P("reeve.getProcessInfo"),
	    VALUE(ARRAY(STRING("struct") STRING("string"))));
}

static void
test_neutral_values(void **state)
{
	struct fixture *f = *state;
	char *whole;

	begin(f, "supervisor.getProcessInfo", P("web"));
	assert_null(strstr(f->reply, "restarts"));
	*strstr(f->reply, "</struct>") = '\0';
	whole = xasprintf("%s" NEUTRAL "</struct></value>\n</param>\n</params>\n"
			  "</methodResponse>\n",
	    f->reply);
	at_once(f, "reeve.getProcessInfo", P("web"), whole);
	free(whole);
}

static void
test_values(void **state)
{
	struct fixture *f = *state;

	tell_members(f,
	    "\"state\":\"RUNNING\",\"spawn\":3,\"restarts\":2147483647,"
	    "\"stop\":5,\"last_status\":3");
	expect_member(f, MEMBER("ready", BOOL("1")));
	expect_member(f, MEMBER("restarts", INT("2147483647")));
	expect_member(f,
	    MEMBER("last_exit",
		STRUCT(MEMBER("status", INT("3")) MEMBER("time", INT("5"))
			MEMBER("reason", STRING("exit status 3")))));
	tell_members(f,
	    "\"state\":\"RUNNING\",\"spawn\":3,\"restarts\":2147483648,"
	    "\"stop\":5000000000,\"last_status\":-1,\"last_signal\":9,\"ready\":false,"
	    "\"health\":\"unhealthy\",\"waiting_for\":\"<db>\",\"paused\":true,"
	    "\"next_start\":5000000000");
	expect_member(f,
	    MEMBER("ready", BOOL("0")) MEMBER("health", STRING("unhealthy")) MEMBER(
		"waiting_for", STRING("&lt;db&gt;"))
		MEMBER("next_start", DOUBLE("5000000000")) MEMBER(
		    "restarts", DOUBLE("2147483648")) MEMBER("last_exit",
		    STRUCT(MEMBER("signal", INT("9")) MEMBER("time", DOUBLE("5000000000"))
			    MEMBER("reason", STRING("killed by SIGKILL"))))
		    MEMBER("paused", BOOL("1")));
	expect_member(f, MEMBER("stop", DOUBLE("5000000000")));
	begin(f, "supervisor.getProcessInfo", P("web"));
	assert_non_null(strstr(f->reply, MEMBER("stop", INT("5000000000"))));
}

/* All processes, in a call and in a multicall. */
static void
test_all(void **state)
{
	struct fixture *f = *state;
	char *list, *end;

	begin(f, "reeve.getAllProcessInfo", "");
	list = xstrdup(strstr(f->reply, ARRAY_BEGIN));
	end = strstr(list, "</param>");
	assert_non_null(strstr(list, NEUTRAL));
	*end = '\0';
	begin(f, "system.multicall",
	    CALLS(CALL("reeve.getAllProcessInfo") CALL("supervisor.getAllProcessInfo")));
	assert_non_null(strstr(f->reply, list));
	end = strstr(f->reply, list) + strlen(list);
	assert_non_null(strstr(end, MEMBER("name", STRING("web"))));
	assert_null(strstr(end, "last_exit"));
	free(list);
}

static void
test_faults(void **state)
{
	struct fixture *f = *state;

	at_once(f, "reeve.getProcessInfo", P("nobody"), FAULT("10", "BAD_NAME: nobody"));
	at_once(f, "reeve.getProcessInfo", P("web:*"), FAULT("10", "BAD_NAME: web:*"));
	at_once(f, "reeve.getProcessInfo", "", FAULT("2", "INCORRECT_PARAMETERS"));
	at_once(f, "reeve.getProcessInfo", P("<int>1</int>"),
	    FAULT("2", "INCORRECT_PARAMETERS"));
	at_once(f, "reeve.nothing", "", FAULT("1", "UNKNOWN_METHOD"));
	at_once(f, "reeve.", "", FAULT("1", "UNKNOWN_METHOD"));
	assert_null(begin_as(f, ROLE_NONE, true, "reeve.getAllProcessInfo", ""));
	assert_string_equal(f->reply,
	    FAULT("8", "NOT_PERMITTED: reeve.getAllProcessInfo needs role states"));
}

/* Reads are answered while the daemon stops. */
static void
test_daemon_states(void **state)
{
	static const enum daemon_state states[] = { DAEMON_SHUTDOWN, DAEMON_RESTARTING };
	struct fixture *f = *state;

	for (size_t i = 0; i < nitems(states); i++) {
		tell_daemon(f, states[i]);
		turn(f);
		expect_member(f, NEUTRAL);
	}
	tell_daemon(f, DAEMON_FATAL);
	turn(f);
	at_once(f, "reeve.getProcessInfo", P("web"), FAULT("5", "FATAL_STATE"));
}

/* As in supervisor.*, a read sees all changes that were made before. */
static void
test_waits_for_the_mirror(void **state)
{
	struct fixture *f = *state;

	atomic_store(&f->page, f->seq + 1);
	assert_non_null(begin(f, "reeve.getProcessInfo", P("web")));
	assert_int_equal(f->replies, 0);
	tell_members(f, "\"state\":\"FATAL\",\"spawn\":4,\"restarts\":3");
	turn(f);
	calls_caught_up(f->rpcd.calls);
	assert_int_equal(f->replies, 1);
	assert_non_null(strstr(f->reply, MEMBER("restarts", INT("3"))));
}

/* ---- stats ---- */

#define IDLE \
	MEMBER("pid", INT("0")) MEMBER("processes", INT("0")) \
	MEMBER("cpu_seconds", DOUBLE("0")) MEMBER("cpu_percent", DOUBLE("0")) \
	MEMBER("rss", INT("0")) MEMBER("fds", INT("0")) \
	MEMBER("log_bytes", STRUCT(MEMBER("stdout", INT("0")) MEMBER("stderr", INT("0"))))
#define NAMED(name, group) MEMBER("name", STRING(name)) MEMBER("group", STRING(group))

static json_t *
idle_row(int id)
{
	const struct process_stats stats = { .id = id };

	return process_stats_write(&stats);
}

static void
test_stats_of_one(void **state)
{
	struct fixture *f = *state;

	requests(
	    f, "reeve.getProcessStats", P("web"), "process.stats", "{\"name\":\"web\"}");
	answer(f, json_pack("[iiniiIni]", 1, 9, 1250, 15, (json_int_t)5000000000, 7), -1);
	expect(f, 1,
	    VALUE(STRUCT(NAMED("web", "web") MEMBER("pid", INT("9")) MEMBER(
		"cpu_seconds", DOUBLE("1.25")) MEMBER("cpu_percent", DOUBLE("1.5"))
		    MEMBER("rss", DOUBLE("5000000000")) MEMBER("log_bytes",
			STRUCT(MEMBER("stdout", INT("7")) MEMBER("stderr", INT("0")))))));
	requests(f, "reeve.getProcessStats", P("x"), "process.stats", "{\"name\":\"x\"}");
	answer_fault(f, FAULT_BAD_NAME, "BAD_NAME: x");
	expect(f, 2, FAULT("10", "BAD_NAME: x"));
	/* It was removed meanwhile. */
	requests(
	    f, "reeve.getProcessStats", P("web"), "process.stats", "{\"name\":\"web\"}");
	answer(f, idle_row(99), -1);
	expect(f, 3, FAULT("10", "BAD_NAME: web"));
}

/* In pages, shared by calls; then from memory until the rows are old. */
static void
test_stats_of_all(void **state)
{
	struct fixture *f = *state;
	unsigned requests_before;

	requests(f, "reeve.getAllProcessStats", "", "all.stats", "{\"after\":0}");
	requests_before = f->requests;
	assert_non_null(begin(f, "reeve.getAllProcessStats", ""));
	turn(f);
	assert_int_equal(f->requests, requests_before);
	answer(f, json_pack("{s[oo]sb}", "rows", idle_row(1), idle_row(2), "more", 1), -1);
	assert_string_equal(f->request.params, "{\"after\":2}");
	assert_int_equal(f->replies, 0);
	answer(f, json_pack("{s[oo]sb}", "rows", idle_row(3), idle_row(99), "more", 0), -1);
	expect(f, 2,
	    VALUE(ARRAY(STRUCT(NAMED("a", "g") IDLE) STRUCT(NAMED("b", "g") IDLE)
		    STRUCT(NAMED("web", "web") IDLE))));
	begin(f, "reeve.getAllProcessStats", "");
	assert_int_equal(f->replies, 3);
	clock_freeze(1000 + STATS_FRESH_MS, NOW * INT64_C(1000));
	requests(f, "reeve.getAllProcessStats", "", "all.stats", "{\"after\":0}");
	answer(f, json_pack("{s[]sb}", "rows", "more", 1), -1);
	expect(f, 4, VALUE(ARRAY()));
}

/* A caller that sees only the group g. */
static void
test_stats_hidden(void **state)
{
	static const char *const programs[] = { "g", NULL };
	const struct grant_source source = { "bob", ROLE_OPERATE, programs, NULL, NULL };
	struct fixture *f = *state;
	struct grant *grant = grant_new(&source);

	caller_identify(&f->callers[ROLE_ADMIN], CALLER_USER, grant);
	grant_unref(grant);
	requests(f, "reeve.getAllProcessStats", "", "all.stats", "{\"after\":0}");
	answer(f, json_pack("{s[oo]sb}", "rows", idle_row(1), idle_row(2), "more", 0), -1);
	expect(f, 1, VALUE(ARRAY(STRUCT(NAMED("b", "g") IDLE))));
	requests(
	    f, "reeve.getProcessStats", P("web"), "process.stats", "{\"name\":\"web\"}");
	answer(f, idle_row(1), -1);
	expect(f, 2, FAULT("10", "BAD_NAME: web"));
	caller_clear(&f->callers[ROLE_ADMIN]);
}

static void
test_stats_fail(void **state)
{
	struct fixture *f = *state;

	requests(f, "reeve.getAllProcessStats", "", "all.stats", "{\"after\":0}");
	answer_fault(f, FAULT_FAILED, "FAILED: out of memory");
	expect(f, 1, FAULT("30", "FAILED: out of memory"));
	requests(f, "reeve.getAllProcessStats", "", "all.stats", "{\"after\":0}");
	answer(f, json_pack("{s[oo]sb}", "rows", idle_row(2), idle_row(1), "more", 1), -1);
	expect(f, 2, FAULT("30", "FAILED: the master sent a malformed row"));
	assert_null(begin_as(f, ROLE_ADMIN, false, "reeve.getAllProcessStats", ""));
	expect(f, 3, FAULT("30", "FAILED: too many calls are waiting"));
	/* The client leaves. */
	call_abandon(
	    requests(f, "reeve.getAllProcessStats", "", "all.stats", "{\"after\":0}"));
	answer(f, json_pack("{s[o]sb}", "rows", idle_row(1), "more", 0), -1);
	assert_int_equal(f->replies, 3);
	f->rpcd.ending = true;
	clock_freeze(1000 + STATS_FRESH_MS, NOW * INT64_C(1000));
	at_once(f, "reeve.getAllProcessStats", "",
	    FAULT("30", "FAILED: reeve-rpcd is shutting down"));
	f->rpcd.ending = false;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_method, setup, teardown),
		cmocka_unit_test_setup_teardown(test_neutral_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_daemon_states, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits_for_the_mirror, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stats_of_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stats_of_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stats_hidden, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stats_fail, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
