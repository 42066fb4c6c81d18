/* Invocation: roles, daemon states, parameters for the master. */
#include "tests/unit/rpcd/methods/calls.h"

/* ---- roles and daemon states ---- */

static void
test_roles(void **state)
{
	struct fixture *f = *state;

	assert_null(begin_as(f, ROLE_STATES, true, "supervisor.startProcess", P("web")));
	expect(
	    f, 1, FAULT("8", "NOT_PERMITTED: supervisor.startProcess needs role operate"));
	assert_null(begin_as(f, ROLE_STATES, true, "supervisor.readLog", P("0") P("0")));
	expect(f, 2, FAULT("8", "NOT_PERMITTED: supervisor.readLog needs role view"));
	assert_null(begin_as(f, ROLE_OPERATE, true, "supervisor.shutdown", ""));
	expect(f, 3, FAULT("8", "NOT_PERMITTED: supervisor.shutdown needs role admin"));
	assert_null(begin_as(f, ROLE_NONE, true, "system.listMethods", ""));
	expect(f, 4, FAULT("8", "NOT_PERMITTED: system.listMethods needs role states"));
	assert_null(begin_as(f, ROLE_STATES, true, "supervisor.getPID", ""));
	expect(f, 5, VALUE(INT("77")));
	/* The elements of a multicall are checked separately. */
	assert_null(begin_as(f, ROLE_STATES, true, "system.multicall",
	    P("<array><data><value><struct><member><name>methodName</name>"
	      "<value>supervisor.restart</value></member></struct></value></data></"
	      "array>")));
	expect(f, 6,
	    VALUE(ARRAY(
		FAULT_STRUCT("8", "NOT_PERMITTED: supervisor.restart needs role admin"))));
	assert_int_equal(f->requests, 0);
}

static void
test_moods(void **state)
{
	struct fixture *f = *state;

	tell_daemon(f, DAEMON_FATAL);
	turn(f);
	at_once(f, "supervisor.getState", "", FAULT("5", "FATAL_STATE"));
	at_once(f, "supervisor.startProcess", P("web"), FAULT("5", "FATAL_STATE"));
	assert_false(f->ends_daemon);
	requests(f, "supervisor.shutdown", "", "daemon.shutdown", "{}");
	assert_string_equal(f->request.by,
	    "{\"from\":\"uid 7 pid 42\",\"listener\":\"inet_http_server\","
	    "\"method\":\"supervisor.shutdown\"}");
	answer(f, NULL, -1);
	expect(f, 3, TRUE_VALUE);
	assert_true(f->ends_daemon);
	requests(f, "supervisor.restart", "", "daemon.restart", "{}");
	answer_fault(f, FAULT_SHUTDOWN_STATE, "SHUTDOWN_STATE");
	expect(f, 4, FAULT("6", "SHUTDOWN_STATE"));
	assert_false(f->ends_daemon);
	requests(f, "system.multicall",
	    CALLS(CALL("supervisor.restart") CALL("system.none")), "daemon.restart", "{}");
	answer(f, NULL, -1);
	assert_int_equal(f->replies, 5);
	assert_true(f->ends_daemon);
	calls_answered(f->rpcd.calls);
	turn(f);
	assert_string_equal(f->request.method, "daemon.answered");
	tell_daemon(f, DAEMON_RESTARTING);
	turn(f);
	at_once(f, "supervisor.getState", "", FAULT("6", "SHUTDOWN_STATE"));
	tell_daemon(f, DAEMON_SHUTDOWN);
	turn(f);
	at_once(f, "supervisor.getAPIVersion", "", FAULT("6", "SHUTDOWN_STATE"));
	at_once(f, "supervisor.restart", "", FAULT("6", "SHUTDOWN_STATE"));
	at_once(f, "supervisor.getState", P("x"), FAULT("2", "INCORRECT_PARAMETERS"));
	at_once(f, "system.methodSignature", P("supervisor.getPID"),
	    VALUE(ARRAY(STRING("int"))));
}

/* ---- signals and stdin ---- */

static void
test_signal(void **state)
{
	struct fixture *f = *state;

	requests(f, "supervisor.signalProcess", P("web") P("<int>15</int>"),
	    "process.signal", "{\"name\":\"web\",\"signal\":\"15\"}");
	answer(f, NULL, -1);
	expect(f, 1, TRUE_VALUE);
	requests(f, "supervisor.signalProcess", P("web") P("<double>9.9</double>"),
	    "process.signal", "{\"name\":\"web\",\"signal\":\"9\"}");
	answer_fault(f, FAULT_NOT_RUNNING, "NOT_RUNNING: web");
	expect(f, 2, FAULT("70", "NOT_RUNNING: web"));
}

static void
test_stdin(void **state)
{
	struct fixture *f = *state;
	char *big = xmalloc(1000001);
	char *params;

	requests(f, "supervisor.sendProcessStdin", P("web") P("h\xc3\xa9\n"),
	    "process.stdin", "{\"data\":\"h\xc3\xa9\\n\",\"name\":\"web\"}");
	answer(f, NULL, -1);
	expect(f, 1, TRUE_VALUE);
	memset(big, 'x', 1000000);
	big[1000000] = '\0';
	params = xasprintf(P("web") P("%s"), big);
	requests(f, "supervisor.sendProcessStdin", params, "process.stdin",
	    "{\"name\":\"web\"}");
	assert_int_equal(f->request.data_len, 1000000);
	answer(f, NULL, -1);
	free(params);
	/* A name of that size is not sent to the master. */
	params = xasprintf(P("%s"), big);
	assert_non_null(begin(f, "supervisor.startProcess", params));
	turn(f);
	assert_non_null(strstr(f->reply, "<string>BAD_NAME: xxx"));
	assert_int_equal(f->requests, 2);
	free(params);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_roles),
		TEST(test_moods),
		TEST(test_signal),
		TEST(test_stdin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
