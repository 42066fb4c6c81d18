/* Call: reads, refusals, parking, and how calls end. */
#include "tests/unit/rpcd/methods/calls.h"

/* ---- reads ---- */

static void
test_constants(void **state)
{
	struct fixture *f = *state;

	at_once(f, "supervisor.getAPIVersion", "", VALUE(STRING("3.0")));
	at_once(f, "supervisor.getVersion", "", VALUE(STRING("3.0")));
	at_once(f, "supervisor.getSupervisorVersion", "", VALUE(STRING("4.2.5")));
	at_once(f, "supervisor.getIdentification", "", VALUE(STRING("supervisor")));
	at_once(f, "supervisor.getPID", "", VALUE(INT("77")));
	at_once(f, "supervisor.getState", "",
	    VALUE(STRUCT(
		MEMBER("statecode", INT("1")) MEMBER("statename", STRING("RUNNING")))));
	assert_int_equal(f->requests, 0);
}

#define INFO(name, group, state, statename, description) \
	STRUCT(MEMBER("name", STRING(name)) MEMBER("group", STRING(group)) \
	MEMBER("start", INT("0")) MEMBER("stop", INT("0")) \
	MEMBER("now", INT("1700000000")) \
	MEMBER("state", INT(state)) MEMBER("statename", STRING(statename)) \
	MEMBER("spawnerr", STRING("")) MEMBER("exitstatus", INT("0")) \
	MEMBER("logfile", STRING("/out")) MEMBER("stdout_logfile", STRING("/out")) \
	MEMBER("stderr_logfile", STRING("")) MEMBER("pid", INT("0")) \
	MEMBER("description", STRING(description)))

static void
test_info(void **state)
{
	struct fixture *f = *state;

	at_once(f, "supervisor.getProcessInfo", P("web"),
	    VALUE(INFO("web", "web", "0", "STOPPED", "Not started")));
	at_once(f, "supervisor.getProcessInfo", P("g:a"),
	    VALUE(INFO("a", "g", "0", "STOPPED", "Not started")));
	at_once(f, "supervisor.getAllProcessInfo", "",
	    VALUE(ARRAY(INFO("a", "g", "0", "STOPPED", "Not started")
		    INFO("b", "g", "0", "STOPPED", "Not started")
			INFO("web", "web", "0", "STOPPED", "Not started"))));
	at_once(f, "supervisor.getProcessInfo", P("nope"), FAULT("10", "BAD_NAME: nope"));
	at_once(f, "supervisor.getProcessInfo", P("g"), FAULT("10", "BAD_NAME: g"));
	at_once(f, "supervisor.getProcessInfo", P("g:*"), FAULT("10", "BAD_NAME: g:*"));
	at_once(f, "supervisor.getProcessInfo", P("&lt;"), FAULT("10", "BAD_NAME: &lt;"));
	tell_row(f, web_up);
	turn(f);
	begin(f, "supervisor.getProcessInfo", P("web"));
	assert_non_null(strstr(f->reply, STRING("pid 123, uptime 0:01:01")));
}

static void
test_wrong_parameters(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *method, *params;
	} rows[] = {
		{"supervisor.getState", P("1")},
		{"supervisor.getProcessInfo", ""},
		{"supervisor.getProcessInfo", P("a") P("b")},
		{"supervisor.getProcessInfo", P("<int>1</int>")},
		{"supervisor.getProcessInfo", P("<nil/>")},
		{"supervisor.getProcessInfo", P("<array><data/></array>")},
		{"supervisor.startProcess", P("a") P("1") P("1")},
		{"supervisor.startProcess", P("<struct/>")},
		{"supervisor.signalProcess", P("web")},
		{"supervisor.signalProcess", P("web") P("<nil/>")},
		{"supervisor.signalProcess", P("web") P("<array><data/></array>")},
		{"supervisor.readLog", P("0") P("x")},
		{"supervisor.readLog", P("0") P("<nil/>")},
		{"supervisor.readLog", P("0") P("<double>1e30</double>")},
		{"supervisor.readLog", P("0") P("<double>nan</double>")},
		{"supervisor.tailProcessLog", P("web") P("1.5") P("0")},
		{"supervisor.clearProcessLogs", P("<boolean>1</boolean>")},
		{"system.multicall", P("<int>1</int>")},
		{"system.multicall", P("text")},
		{"system.multicall", P("<struct/>")},
		{"supervisor.sendProcessStdin", P("web") P("<array><data/></array>")},
	};

	for (size_t i = 0; i < nitems(rows); i++)
		at_once(
		    f, rows[i].method, rows[i].params, FAULT("2", "INCORRECT_PARAMETERS"));
	at_once(f, "supervisor.sendProcessStdin", P("nope") P("<int>5</int>"),
	    FAULT("2", "INCORRECT_PARAMETERS: 5"));
	at_once(f, "supervisor.sendProcessStdin", P("web") P("<nil/>"),
	    FAULT("2", "INCORRECT_PARAMETERS"));
	at_once(f, "supervisor.startProcessGroup", P("<int>5</int>"),
	    FAULT("10", "BAD_NAME: 5"));
	at_once(f, "supervisor.signalProcessGroup", P("<boolean>1</boolean>") P("HUP"),
	    FAULT("10", "BAD_NAME: True"));
	at_once(f, "supervisor.removeProcessGroup", P("<nil/>"), FAULT("10", "BAD_NAME"));
	at_once(f, "supervisor.stopProcessGroup", P("<struct/>"),
	    FAULT("2", "INCORRECT_PARAMETERS"));
	assert_int_equal(f->requests, 0);
}

static void
test_bad_requests(void **state)
{
	struct fixture *f = *state;

	assert_null(begin_text(f, ROLE_ADMIN, true, "<a>", on_done, f));
	assert_int_equal(f->status, 400);
	assert_null(begin_text(f, ROLE_ADMIN, true, "", on_done, f));
	assert_int_equal(f->status, 400);
	assert_int_equal(f->replies, 2);
	at_once(f, "supervisor.nope", "", FAULT("1", "UNKNOWN_METHOD"));
	at_once(f, "nope", "", FAULT("1", "UNKNOWN_METHOD"));
	at_once(f, "supervisor.getState ", "", FAULT("1", "UNKNOWN_METHOD"));
}

/* ---- read your writes ---- */

static void
test_parked_read(void **state)
{
	struct fixture *f = *state;

	atomic_store(&f->page, f->seq + 2);
	assert_non_null(begin(f, "supervisor.getPID", ""));
	assert_null(begin(f, "system.methodSignature", P("supervisor.getPID")));
	tell_row(f, web_up);
	turn(f);
	assert_int_equal(f->replies, 1);
	/* The number of the page grows; the number that the read needs does not. */
	atomic_store(&f->page, f->seq + 100);
	tell_row(f, web_up);
	turn(f);
	expect(f, 2, VALUE(INT("77")));
}

/* Data in the socket is read before the call. */
static void
test_drained_read(void **state)
{
	struct fixture *f = *state;

	tell_row(f, web_up);
	atomic_store(&f->page, f->seq);
	assert_null(begin(f, "supervisor.getProcessInfo", P("web")));
	assert_non_null(strstr(f->reply, STRING("RUNNING")));
}

static void
test_parked_in_snapshot(void **state)
{
	struct fixture *f = *state;

	notify(f, "stream.begin", json_pack("{sI}", "seq", (json_int_t)f->seq));
	tell_row(f, web_up);
	turn(f);
	assert_non_null(begin(f, "supervisor.getProcessInfo", P("g:a")));
	tell_row(f, (struct row){ 3, 0, 0, VERDICT_NONE, PROCESS_STOPPED, "g", "a" });
	notify(f, "stream.end", json_pack("{sI}", "seq", (json_int_t)f->seq));
	turn(f);
	calls_caught_up(f->rpcd.calls);
	assert_int_equal(f->replies, 1);
	assert_non_null(strstr(f->reply, STRING("Not started")));
	at_once(f, "supervisor.getProcessInfo", P("g:b"), FAULT("10", "BAD_NAME: g:b"));
}

/* ---- ends ---- */

static void
test_no_room(void **state)
{
	struct fixture *f = *state;

	assert_null(begin_as(f, ROLE_ADMIN, false, "supervisor.startProcess", P("web")));
	expect(f, 1, FAULT("30", "FAILED: too many calls are waiting"));
	assert_null(begin_as(f, ROLE_ADMIN, false, "supervisor.getPID", ""));
	expect(f, 2, VALUE(INT("77")));
	atomic_store(&f->page, f->seq + 1);
	assert_null(begin_as(f, ROLE_ADMIN, false, "supervisor.getPID", ""));
	expect(f, 3, FAULT("30", "FAILED: too many calls are waiting"));
	turn(f);
	assert_int_equal(f->requests, 0);
}

static void
test_abandon(void **state)
{
	struct fixture *f = *state;
	struct call *call;

	call = requests(f, "supervisor.readLog", P("0") P("0"), "mainlog.open", "{}");
	call_abandon(call);
	answer_log(f, "text", 1);
	call = requests(f, "supervisor.startAllProcesses", "", "all.start", "{}");
	answer(f, json_pack("{si}", "job", 5), -1);
	call_abandon(call);
	job_result(f, 2, "b", 1);
	notify(f, "job.end", json_pack("{si}", "job", 5));
	turn(f);
	assert_int_equal(f->replies, 0);
	assert_int_equal(calls_parked(f->rpcd.calls), 0);
}

static void
test_end(void **state)
{
	struct fixture *f = *state;

	requests(
	    f, "supervisor.startProcess", P("web"), "process.start", "{\"name\":\"web\"}");
	answer_started(f, 1, 1);
	requests(f, "supervisor.startAllProcesses", "", "all.start", "{}");
	answer(f, json_pack("{si}", "job", 5), -1);
	requests(f, "supervisor.clearLog", "", "mainlog.clear", "{}");
	atomic_store(&f->page, f->seq + 1);
	assert_non_null(begin(f, "supervisor.getPID", ""));
	assert_non_null(begin(f, "system.multicall",
	    CALLS(CALL("supervisor.getPID") CALL("supervisor.clearLog"))));
	assert_int_equal(calls_parked(f->rpcd.calls), 5);
	calls_end(f->rpcd.calls);
	expect(f, 5,
	    VALUE(ARRAY(
		INT("77") FAULT_STRUCT("30", "FAILED: reeve-rpcd is shutting down"))));
	assert_int_equal(calls_parked(f->rpcd.calls), 0);
	at_once(f, "supervisor.clearLog", "",
	    FAULT("30", "FAILED: reeve-rpcd is shutting down"));
}

/* New: the text n times. */
static char *
many(const char *text, size_t times)
{
	size_t n = strlen(text);
	char *all = xmalloc(n * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(all + i * n, text, n + 1);
	return all;
}

/* The number of turns that the call takes; another client is answered in each. */
static unsigned
turns_of(struct fixture *f, const char *method, const char *params)
{
	unsigned turns = 0, replies = f->replies;

	if (begin(f, method, params) == NULL)
		return 0;
	while (f->replies == replies) {
		assert_null(begin(f, "supervisor.getPID", ""));
		expect(f, ++replies, VALUE(INT("77")));
		loop_turn(f->rpcd.loop, 0);
		turns++;
	}
	return turns;
}

static void
test_long_body(void **state)
{
	struct fixture *f = *state;
	char *values = many("<value><int>1</int></value>", 80000);
	char *params = xasprintf(P("<array><data>%s</data></array>"), values);

	assert_true(turns_of(f, "supervisor.nope", params) > 5);
	assert_non_null(strstr(f->reply, "UNKNOWN_METHOD"));
	free(params);
	params = xasprintf("%s</data>", values);
	assert_true(turns_of(f, "supervisor.nope", params) > 5);
	assert_int_equal(f->status, 400);
	assert_int_equal(f->share.budget.bytes, 0);
	free(params);
	free(values);
}

static void
test_long_body_of_a_client_that_leaves(void **state)
{
	struct fixture *f = *state;
	char *values = many("<value/>", 80000);
	char *params = xasprintf(P("<array><data>%s</data></array>"), values);

	call_abandon(begin(f, "supervisor.nope", params));
	turn(f);
	call_abandon(begin(f, "supervisor.nope", params));
	assert_int_equal(f->share.budget.bytes, 0);
	assert_int_equal(calls_parked(f->rpcd.calls), 0);
	free(params);
	free(values);
}

#define ONE_CALL "<value><struct><member><name>methodName</name><value>supervisor.getPID" \
	"</value></member></struct></value>"

static void
test_long_multicall(void **state)
{
	struct fixture *f = *state;
	char *calls = many(ONE_CALL, 8 * 1024);
	char *params = xasprintf(P("<array><data>%s</data></array>"), calls);

	assert_true(turns_of(f, "system.multicall", params) > 10);
	assert_non_null(strstr(f->reply, "<int>77</int>"));
	free(params);
	free(calls);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_constants),
		TEST(test_info),
		TEST(test_wrong_parameters),
		TEST(test_bad_requests),
		TEST(test_long_body),
		TEST(test_long_body_of_a_client_that_leaves),
		TEST(test_long_multicall),
		TEST(test_parked_read),
		TEST(test_drained_read),
		TEST(test_parked_in_snapshot),
		TEST(test_no_room),
		TEST(test_abandon),
		TEST(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
