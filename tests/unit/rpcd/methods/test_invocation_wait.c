/* Invocation_wait: starts, stops and bulk calls, with and without waiting. */
#include "tests/unit/rpcd/methods/calls.h"

/* ---- start and stop ---- */

static void
test_start_waits(void **state)
{
	struct fixture *f = *state;

	requests(
	    f, "supervisor.startProcess", P("web"), "process.start", "{\"name\":\"web\"}");
	answer_started(f, 1, 1);
	assert_int_equal(f->replies, 0);
	tell_row(f, (struct row){ 1, 1, 0, VERDICT_NONE, PROCESS_STARTING, "web", "web" });
	tell_row(f, (struct row){ 2, 1, 1, VERDICT_RUNNING, PROCESS_RUNNING, "g", "b" });
	turn(f);
	assert_int_equal(f->replies, 0);
	assert_int_equal(calls_parked(f->rpcd.calls), 1);
	tell_row(f, web_up);
	turn(f);
	expect(f, 1, TRUE_VALUE);
	assert_int_equal(calls_parked(f->rpcd.calls), 0);
}

static void
test_start_outcomes(void **state)
{
	struct fixture *f = *state;

	requests(f, "supervisor.startProcess", P("web") P("<int>1</int>"), "process.start",
	    "{\"name\":\"web\"}");
	tell_row(f,
	    (struct row){ 1, 1, 1, VERDICT_EXITED_EARLY, PROCESS_BACKOFF, "web", "web" });
	answer_started(f, 1, 1);
	expect(f, 1, FAULT("50", "SPAWN_ERROR: web"));
	/* Nothing was spawned, because the process is being stopped. */
	requests(f, "supervisor.startProcess", P("web:web"), "process.start",
	    "{\"name\":\"web:web\"}");
	answer_started(f, 1, 0);
	expect(f, 2, FAULT("40", "ABNORMAL_TERMINATION: web:web"));
	requests(f, "supervisor.startProcess", P("web") P("<boolean>0</boolean>"),
	    "process.start", "{\"name\":\"web\"}");
	answer_started(f, 1, 0);
	expect(f, 3, TRUE_VALUE);
	requests(
	    f, "supervisor.startProcess", P("web"), "process.start", "{\"name\":\"web\"}");
	answer_fault(f, FAULT_ALREADY_STARTED, "ALREADY_STARTED: web");
	expect(f, 4, FAULT("60", "ALREADY_STARTED: web"));
	requests(
	    f, "supervisor.startProcess", P("web"), "process.start", "{\"name\":\"web\"}");
	answer_started(f, 1, 2);
	notify(f, "stream.removed",
	    json_pack("{sI si}", "seq", (json_int_t)++f->seq, "id", 1));
	turn(f);
	expect(f, 5, FAULT("40", "ABNORMAL_TERMINATION: web"));
}

static void
test_stop(void **state)
{
	struct fixture *f = *state;

	tell_row(f, web_up);
	requests(
	    f, "supervisor.stopProcess", P("web"), "process.stop", "{\"name\":\"web\"}");
	answer_started(f, 1, 1);
	assert_int_equal(f->replies, 0);
	tell_row(
	    f, (struct row){ 1, 1, 1, VERDICT_RUNNING, PROCESS_STOPPING, "web", "web" });
	turn(f);
	assert_int_equal(f->replies, 0);
	tell_row(
	    f, (struct row){ 1, 1, 1, VERDICT_RUNNING, PROCESS_STOPPED, "web", "web" });
	turn(f);
	expect(f, 1, TRUE_VALUE);
	requests(f, "supervisor.stopProcess", P("web") P(""), "process.stop",
	    "{\"name\":\"web\"}");
	answer_started(f, 1, 1);
	expect(f, 2, TRUE_VALUE);
}

static const struct {
	const char *value;
	bool waits;
} truths[] = {
	{"<int>0</int>", false}, {"<int>2</int>", true}, {"", false}, {"false", true},
	{"<double>0.0</double>", false}, {"<double>0.5</double>", true}, {"<nil/>", false},
	{"<array><data/></array>", false},
	{"<array><data><value/></data></array>", true}, {"<struct/>", false},
	{"<boolean>true</boolean>", false}, {"<boolean>1</boolean>", true},
	{"<double>nan</double>", true},
};

static void
test_truth(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < nitems(truths); i++) {
		char *params = xasprintf(P("web") P("%s"), truths[i].value);
		struct call *call = requests(f, "supervisor.startProcess", params,
		    "process.start", "{\"name\":\"web\"}");
		unsigned replies = f->replies;

		answer_started(f, 1, 1);
		if (f->replies != replies + (truths[i].waits ? 0 : 1))
			fail_msg("%s", truths[i].value);
		if (truths[i].waits)
			call_abandon(call);
		free(params);
	}
	assert_int_equal(calls_parked(f->rpcd.calls), 0);
}

/* ---- bulk ---- */

static void
test_group(void **state)
{
	struct fixture *f = *state;

	requests(
	    f, "supervisor.startProcess", P("g:*"), "process.start", "{\"name\":\"g:*\"}");
	answer(f, json_pack("{si}", "job", 5), -1);
	job_result(f, 2, "b", 1);
	notify(f, "job.result",
	    json_pack("{si si ss ss s{si ss}}", "job", 5, "id", 3, "group", "g", "name",
		"a", "fault", "code", 50, "text", "SPAWN_ERROR: g:a"));
	/* The result of another job is ignored. */
	notify(f, "job.end", json_pack("{si}", "job", 4));
	notify(f, "job.end", json_pack("{si}", "job", 5));
	turn(f);
	assert_int_equal(f->replies, 0);
	tell_row(f, (struct row){ 2, 1, 1, VERDICT_RUNNING, PROCESS_RUNNING, "g", "b" });
	turn(f);
	expect(f, 1,
	    VALUE(ARRAY(
		RESULT("a", "g", "50", "SPAWN_ERROR: g:a") RESULT("b", "g", "80", "OK"))));
}

static void
test_bulk_commands(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *method, *params, *command, *arguments;
	} rows[] = {
		{"supervisor.startProcessGroup", P("g"), "group.start", "{\"name\":\"g\"}"},
		{"supervisor.stopProcessGroup", P("g") P("1"), "group.stop",
		    "{\"name\":\"g\"}"},
		{"supervisor.startAllProcesses", "", "all.start", "{}"},
		{"supervisor.stopAllProcesses", P("0"), "all.stop", "{}"},
		{"supervisor.signalProcessGroup", P("g") P("HUP"), "group.signal",
		    "{\"name\":\"g\",\"signal\":\"HUP\"}"},
		{"supervisor.signalAllProcesses", P("<int>1</int>"), "all.signal",
		    "{\"signal\":\"1\"}"},
		{"supervisor.signalProcess", P("g:") P("0"), "process.signal",
		    "{\"name\":\"g:\",\"signal\":\"0\"}"},
	};

	for (unsigned i = 0; i < nitems(rows); i++) {
		requests(
		    f, rows[i].method, rows[i].params, rows[i].command, rows[i].arguments);
		answer(f, json_pack("{si}", "job", 5), -1);
		assert_int_equal(f->replies, i);
		notify(f, "job.end", json_pack("{si}", "job", 5));
		turn(f);
		expect(f, i + 1, VALUE(ARRAY("")));
	}
}

static void
test_malformed_job(void **state)
{
	struct fixture *f = *state;
	json_auto_t *nameless = json_pack("{si si}", "job", 5, "id", 2);
	json_auto_t *empty = json_object();

	requests(f, "supervisor.startAllProcesses", "", "all.start", "{}");
	answer(f, json_pack("{si}", "job", 5), -1);
	assert_int_equal(calls_job(f->rpcd.calls, "job.result", nameless), -1);
	assert_int_equal(calls_job(f->rpcd.calls, "job.end", empty), -1);
	assert_int_equal(calls_job(f->rpcd.calls, "stream.end", empty), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_start_waits),
		TEST(test_start_outcomes),
		TEST(test_stop),
		TEST(test_truth),
		TEST(test_group),
		TEST(test_bulk_commands),
		TEST(test_malformed_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
