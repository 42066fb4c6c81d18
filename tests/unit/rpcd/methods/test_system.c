/* system.*: introspection and multicall. */
#include "tests/unit/rpcd/methods/calls.h"

/* ---- system.* ---- */

static void
test_introspection(void **state)
{
	struct fixture *f = *state;

	begin(f, "system.listMethods", "");
	assert_non_null(strstr(f->reply,
	    STRING("supervisor.tailProcessLog") STRING("supervisor.tailProcessStderrLog")));
	assert_non_null(strstr(f->reply, STRING("supervisor.reloadConfig")));
	at_once(f, "system.methodSignature", P("supervisor.startProcess"),
	    VALUE(ARRAY(STRING("boolean") STRING("string") STRING("boolean"))));
	at_once(f, "system.methodSignature", P("x"), FAULT("4", "SIGNATURE_UNSUPPORTED"));
	at_once(
	    f, "system.methodHelp", P("<int>1</int>"), FAULT("4", "SIGNATURE_UNSUPPORTED"));
	begin(f, "system.methodHelp", P("supervisor.startProcess"));
	assert_non_null(
	    strstr(f->reply, "@param boolean wait (optional)\n@return boolean"));
}

static void
test_multicall_at_once(void **state)
{
	struct fixture *f = *state;

	at_once(f, "system.multicall", CALLS(""), VALUE(ARRAY("")));
	at_once(f, "system.multicall",
	    CALLS(CALL("supervisor.getPID")
		    CALL("no.such") "<value>text</value><value><struct/></value>" CALL(
			"<int>4</int>") CALL("system.multicall") CALL1("supervisor.getPID",
			"x") CALL1("system.methodSignature", "supervisor.getPID")),
	    VALUE(ARRAY(INT("77") FAULT_STRUCT("1", "UNKNOWN_METHOD") FAULT_STRUCT(
		"2", "INCORRECT_PARAMETERS")
		    FAULT_STRUCT("2", "INCORRECT_PARAMETERS: No methodName") FAULT_STRUCT(
			"2", "INCORRECT_PARAMETERS") FAULT_STRUCT("2",
			"INCORRECT_PARAMETERS: Recursive system.multicall forbidden")
			FAULT_STRUCT("2", "INCORRECT_PARAMETERS") ARRAY(STRING("int")))));
	at_once(f, "system.multicall",
	    P("<array><data><value><struct><member>"
	      "<name>methodName</name><value>supervisor.getPID</value></member><member>"
	      "<name>params</name><value>x</value></member></struct></value></data></"
	      "array>"),
	    VALUE(ARRAY(FAULT_STRUCT("2", "INCORRECT_PARAMETERS"))));
}

/* The calls of a multicall run one after another, also when they wait. */
static void
test_multicall_waits(void **state)
{
	struct fixture *f = *state;

	requests(f, "system.multicall",
	    CALLS(CALL("supervisor.getPID") CALL1("supervisor.startProcess", "web") CALL1(
		"supervisor.startProcess", "g:a") CALL1("supervisor.startProcessGroup", "g")
		    CALL("supervisor.getAPIVersion")),
	    "process.start", "{\"name\":\"web\"}");
	answer_started(f, 1, 1);
	assert_int_equal(f->requests, 1);
	tell_row(f, web_up);
	turn(f);
	assert_int_equal(f->requests, 2);
	assert_string_equal(f->request.params, "{\"name\":\"g:a\"}");
	answer_fault(f, FAULT_ALREADY_STARTED, "ALREADY_STARTED: g:a");
	assert_int_equal(f->requests, 3);
	answer(f, json_pack("{si}", "job", 5), -1);
	job_result(f, 2, "b", 1);
	notify(f, "job.end", json_pack("{si}", "job", 5));
	tell_row(f, (struct row){ 2, 1, 1, VERDICT_RUNNING, PROCESS_RUNNING, "g", "b" });
	turn(f);
	expect(f, 1,
	    VALUE(ARRAY(INT("77") BOOL("1") FAULT_STRUCT("60", "ALREADY_STARTED: g:a")
		    ARRAY(RESULT("b", "g", "80", "OK")) STRING("3.0"))));
}

static void
test_multicall_logs(void **state)
{
	struct fixture *f = *state;
	static const char params[] =
	    "<value><struct><member><name>methodName</name>"
	    "<value>supervisor.readLog</value></member><member><name>params</name><value>"
	    "<array><data><value>0</value><value>0</value></data></array></value></member>"
	    "</struct></value>";
	struct buf calls;
	char *text;

	buf_init(&calls, 0);
	assert_int_equal(buf_puts(&calls, "<param><value><array><data>"), 0);
	for (int i = 0; i <= REPLY_TEXT_LOGS_MAX; i++)
		assert_int_equal(buf_puts(&calls, params), 0);
	assert_int_equal(buf_puts(&calls, "</data></array></value></param>"), 0);
	text = buf_steal(&calls);
	assert_non_null(begin(f, "system.multicall", text));
	for (int i = 0; i <= REPLY_TEXT_LOGS_MAX; i++) {
		turn(f);
		assert_int_equal(f->requests, i + 1);
		answer_log(f, "0123456789", 10000);
	}
	assert_int_equal(f->replies, 1);
	assert_true(strlen(f->reply) > REPLY_TEXT_LOGS_MAX * 100000);
	assert_non_null(strstr(f->reply, FAULT_STRUCT("30", "FAILED")));
	free(text);
}

#define EVENT_BEGIN "<value><struct><member><name>methodName</name><value>" \
	"supervisor.sendRemoteCommEvent</value></member><member><name>params</name>" \
	"<value><array><data><value>t</value><value>"
#define EVENT_END "</value></data></array></value></member></struct></value>"
#define EVENT(data) EVENT_BEGIN data EVENT_END
#define ENDING FAULT_STRUCT("30", "FAILED: reeve-rpcd is shutting down")

/* Answers the last n requests with events, the oldest first. */
static void
answer_events(struct fixture *f, unsigned count)
{
	uint64_t last = f->request.id;

	for (uint64_t id = last - count + 1; id <= last; id++)
		assert_int_equal(peer_reply(f->master, id, NULL, -1, 0), 0);
	turn(f);
}

/* Events go together, but everything else waits for them. */
static void
test_multicall_events(void **state)
{
	struct fixture *f = *state;

	assert_non_null(begin(f, "system.multicall",
	    CALLS(EVENT("a") EVENT("b") CALL("supervisor.getPID") EVENT("c")
		    CALL1("supervisor.sendRemoteCommEvent", "t") EVENT("<int>4</int>"))));
	turn(f);
	assert_int_equal(f->requests, 1);
	assert_string_equal(f->request.method, "event.send");
	assert_string_equal(
	    f->request.params, "{\"data\":\"a\",\"more\":[\"t\",\"b\"],\"type\":\"t\"}");
	answer_fault(f, FAULT_FAILED, "FAILED: ab");
	assert_int_equal(f->requests, 2);
	assert_string_equal(f->request.params, "{\"data\":\"c\",\"type\":\"t\"}");
	answer_events(f, 1);
	assert_int_equal(f->requests, 3);
	assert_string_equal(f->request.params, "{\"data\":\"4\",\"type\":\"t\"}");
	answer_events(f, 1);
	expect(f, 1,
	    VALUE(ARRAY(
		FAULT_STRUCT("30", "FAILED: ab") FAULT_STRUCT("30", "FAILED: ab") INT("77")
		    BOOL("1") FAULT_STRUCT("2", "INCORRECT_PARAMETERS") BOOL("1"))));
}

static char *
many_events(int count, const char *event)
{
	struct buf calls;
	char *text;

	buf_init(&calls, 0);
	assert_int_equal(buf_puts(&calls, "<param><value><array><data>"), 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(buf_puts(&calls, event), 0);
	assert_int_equal(buf_puts(&calls, "</data></array></value></param>"), 0);
	text = buf_steal(&calls);
	buf_clear(&calls);
	return text;
}

/* A request has at most 64 events, and at most four requests have no reply. */
static void
test_multicall_many_events(void **state)
{
	struct fixture *f = *state;
	char *text = many_events(300, EVENT("x"));

	assert_non_null(begin(f, "system.multicall", text));
	turn(f);
	assert_int_equal(f->requests, 4);
	answer_events(f, 4);
	assert_int_equal(f->requests, 5);
	assert_int_equal(f->replies, 0);
	answer_events(f, 1);
	assert_int_equal(f->replies, 1);
	assert_int_equal(calls_parked(f->rpcd.calls), 0);
	free(text);
}

/* A request takes no event beyond 16 KiB, so that it fits a frame with any escapes. */
static void
test_multicall_large_events(void **state)
{
	struct fixture *f = *state;
	static char event[60000];
	char *text;

	snprintf(event, sizeof(event), "%s%*s%s", EVENT_BEGIN, 12000, "", EVENT_END);
	text = many_events(3, event);
	assert_non_null(begin(f, "system.multicall", text));
	turn(f);
	assert_int_equal(f->requests, 2);
	answer_events(f, 2);
	assert_int_equal(f->replies, 1);
	free(text);
}

/* Replies for an abandoned call are dropped. */
static void
test_multicall_events_abandoned(void **state)
{
	struct fixture *f = *state;

	call_abandon(begin(f, "system.multicall", CALLS(EVENT("a") EVENT("b"))));
	turn(f);
	assert_int_equal(f->requests, 1);
	answer_events(f, 1);
	assert_int_equal(f->replies, 0);
}

static void
test_multicall_events_at_the_end(void **state)
{
	struct fixture *f = *state;
	char *text = many_events(66, EVENT("a"));
	size_t endings = 0;

	begin(f, "system.multicall", text);
	turn(f);
	assert_int_equal(f->requests, 2);
	assert_int_equal(peer_reply(f->master, f->request.id - 1, NULL, -1, 0), 0);
	turn(f);
	calls_end(f->rpcd.calls);
	assert_int_equal(f->replies, 1);
	for (const char *at = f->reply; (at = strstr(at, ENDING)) != NULL; at++)
		endings++;
	assert_int_equal(endings, 2);
	answer_events(f, 1);
	assert_int_equal(f->replies, 1);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_introspection),
		TEST(test_multicall_at_once),
		TEST(test_multicall_waits),
		TEST(test_multicall_logs),
		TEST(test_multicall_events),
		TEST(test_multicall_many_events),
		TEST(test_multicall_large_events),
		TEST(test_multicall_events_abandoned),
		TEST(test_multicall_events_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
