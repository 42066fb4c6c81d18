/* Rights of users: what they do not see does not exist for them, and what they may not call
 * is refused, also in multicalls. */
#include "tests/unit/rpcd/methods/calls.h"

static const char *const programs[] = { "g", NULL };
static const char *const denied[] = { "supervisor.stop*", NULL };

/* Ann operates the group g, but does not stop it. */
static int
rights_setup(void **state)
{
	struct fixture *f;
	struct grant *grant;

	assert_int_equal(setup(state), 0);
	f = *state;
	grant = grant_new(&(struct grant_source){ .user = "ann",
	    .role = ROLE_OPERATE,
	    .programs = programs,
	    .deny_methods = denied });
	caller_identify(&f->user, CALLER_USER, grant);
	grant_unref(grant);
	f->user.ceiling = ROLE_ADMIN;
	f->user.origin = &test_origin;
	f->user.section = "inet_http_server";
	return 0;
}

static int
rights_teardown(void **state)
{
	struct fixture *f = *state;

	caller_clear(&f->user);
	return teardown(state);
}

/* Makes a call as Ann that is answered at once. */
static const char *
call_as_ann(struct fixture *f, const char *method, const char *params)
{
	char *body = xasprintf("<methodCall><methodName>%s</methodName><params>%s</params>"
			       "</methodCall>",
	    method, params);

	assert_null(begin_for(f, &f->user, true, body, on_done, f));
	free(body);
	return f->reply;
}

static void
test_hidden(void **state)
{
	struct fixture *f = *state;
	const char *reply;

	reply = call_as_ann(f, "supervisor.getAllProcessInfo", "");
	assert_non_null(strstr(reply, ">g<"));
	assert_null(strstr(reply, "web"));
	assert_non_null(
	    strstr(call_as_ann(f, "supervisor.getProcessInfo", P("g:a")), ">a<"));
	assert_string_equal(call_as_ann(f, "supervisor.getProcessInfo", P("web")),
	    FAULT("10", "BAD_NAME: web"));
	assert_string_equal(call_as_ann(f, "reeve.getProcessInfo", P("web:web")),
	    FAULT("10", "BAD_NAME: web:web"));
	reply = call_as_ann(f, "system.multicall",
	    CALLS(CALL("supervisor.getAllProcessInfo") CALL("reeve.getAllProcessInfo")
		    CALL("supervisor.getState")));
	assert_non_null(strstr(reply, ">g<"));
	assert_non_null(strstr(reply, "RUNNING"));
	assert_null(strstr(reply, "web"));
	assert_int_equal(f->requests, 0);
}

static void
test_refused(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(call_as_ann(f, "supervisor.shutdown", ""),
	    FAULT("8",
		"NOT_PERMITTED: supervisor.shutdown needs role admin, and role= of "
		"[user:ann] is operate"));
	assert_string_equal(call_as_ann(f, "supervisor.stopProcess", P("g:a")),
	    FAULT("8",
		"NOT_PERMITTED: supervisor.stopProcess is denied by deny_methods= "
		"of [user:ann]"));
	assert_string_equal(
	    call_as_ann(f, "supervisor.readLog", P("<int>0</int>") P("<int>0</int>")),
	    FAULT("8",
		"NOT_PERMITTED: supervisor.readLog needs programs=all in "
		"[user:ann]"));
	assert_non_null(
	    strstr(call_as_ann(f, "system.multicall", CALLS(CALL("supervisor.shutdown"))),
		"NOT_PERMITTED"));
	assert_int_equal(f->requests, 0);
}

/* The master decides with the name of the user what a command acts on. */
static void
test_commands(void **state)
{
	struct fixture *f = *state;

	assert_non_null(begin_for(f, &f->user, true,
	    "<methodCall><methodName>supervisor.startAllProcesses</methodName>"
	    "<params></params></methodCall>",
	    on_done, f));
	turn(f);
	assert_string_equal(f->request.method, "all.start");
	assert_string_equal(f->request.by,
	    "{\"from\":\"uid 7 pid 42\",\"listener\":\"inet_http_server\","
	    "\"method\":\"supervisor.startAllProcesses\",\"user\":\"ann\"}");
}

/* The master records what is refused here, the many in a second as one. */
static void
test_reported(void **state)
{
	struct fixture *f = *state;

	(void)call_as_ann(f, "supervisor.shutdown", "");
	turn(f);
	assert_int_equal(f->reports, 1);
	assert_string_equal(f->report,
	    "{\"by\":{\"from\":\"uid 7 pid 42\",\"listener\":\"inet_http_server\","
	    "\"method\":\"supervisor.shutdown\",\"user\":\"ann\"},"
	    "\"method\":\"supervisor.shutdown\",\"result\":\"NOT_PERMITTED\","
	    "\"why\":\"supervisor.shutdown needs role admin, and role= of [user:ann] is "
	    "operate\"}");
	for (int i = 0; i < REPORTS_REFUSALS + 50; i++)
		(void)call_as_ann(f, "supervisor.stopProcess", P("g:a"));
	turn(f);
	assert_int_equal(f->reports, REPORTS_REFUSALS);
	assert_non_null(strstr(f->report, "\"target\":\"g:a\""));
	clock_freeze(2000, NOW * INT64_C(1000));
	turn(f);
	assert_int_equal(f->reports, REPORTS_REFUSALS + 1);
	assert_non_null(strstr(f->report, "\"count\":51,"));
	(void)call_as_ann(f, "supervisor.shutdown", "");
	turn(f);
	assert_int_equal(f->reports, REPORTS_REFUSALS + 2);
	assert_null(strstr(f->report, "count"));
}

/* The target of a call is recorded even if its parameters do not fit, its data never. */
static void
test_targets(void **state)
{
	static const struct {
		const char *method, *params, *target;
	} calls[] = {
		{ "supervisor.stopProcess", P("g:a"), "\"target\":\"g:a\"" },
		{ "supervisor.stopProcess", P("") P("x") P("y"), "\"target\":\"\"" },
		{ "supervisor.stopProcess", P("<int>1</int>"), NULL },
		{ "supervisor.stopProcess", "", NULL },
		{ "supervisor.readLog", P("<int>0</int>") P("<int>0</int>"), NULL },
		{ "supervisor.sendRemoteCommEvent", P("T") P("secret"),
		    "\"target\":\"T\"" },
		{ "supervisor.sendRemoteCommEvent", P("<int>1</int>") P("secret"), NULL },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < nitems(calls); i++) {
		(void)call_as_ann(f, calls[i].method, calls[i].params);
		turn(f);
		assert_int_equal(f->reports, i + 1);
		assert_null(strstr(f->report, "secret"));
		assert_true(calls[i].target == NULL ?
			strstr(f->report, "target") == NULL :
			strstr(f->report, calls[i].target) != NULL);
	}
}

/* A call that waits ends with its caller's rights, and so does the rest of a multicall. */
static void
test_revoked(void **state)
{
	struct fixture *f = *state;
	struct call *one, *multi;

	one = begin_for(f, &f->user, true,
	    "<methodCall><methodName>supervisor.startProcess</methodName><params>" P(
		"g:a") "</params></methodCall>",
	    on_done, f);
	assert_non_null(one);
	turn(f);
	assert_string_equal(f->request.method, "process.start");
	/* The reply of the master is due, the wait is not begun. */
	call_revoke(one);
	assert_int_equal(f->replies, 0);
	answer_started(f, 3, 1);
	assert_string_equal(
	    f->reply, FAULT("8", "NOT_PERMITTED: the rights of the caller have changed"));
	multi = begin_for(f, &f->user, true,
	    "<methodCall><methodName>system.multicall</methodName>"
	    "<params>" CALLS(CALL("supervisor.startAllProcesses")
		    CALL("supervisor.getState")) "</params></methodCall>",
	    on_done, f);
	assert_non_null(multi);
	turn(f);
	answer(f, json_pack("{si}", "job", 7), -1);
	caller_identify(&f->user, CALLER_USER, grant_of_role(ROLE_NONE));
	call_revoke(multi);
	assert_non_null(strstr(f->reply, "the rights of the caller have changed"));
	assert_non_null(strstr(f->reply, "supervisor.getState needs role states"));
}

#define RIGHTS_TEST(name) \
	cmocka_unit_test_setup_teardown(name, rights_setup, rights_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIGHTS_TEST(test_hidden),
		RIGHTS_TEST(test_refused),
		RIGHTS_TEST(test_commands),
		RIGHTS_TEST(test_reported),
		RIGHTS_TEST(test_targets),
		RIGHTS_TEST(test_revoked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
