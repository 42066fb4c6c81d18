/* Call: requests in, documents out, with a fake master on the other end of a socket pair
 * and a mirror fed by hand. Covers step.c, step_wait.c and the handlers as well. */
#include "rpcd/call.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sock.h"
#include "rpcd/document.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW 1700000000

struct asked {
	uint64_t id;
	char method[64];
	char *params;	/* owned: JSON with sorted keys */
	size_t data_len;	/* of a long string, left out of params */
};

struct fixture {
	struct rpcd rpcd;
	struct peer *master;	/* the fake one's end */
	_Atomic uint64_t page;
	uint64_t seq;
	struct asked asked;	/* the latest request */
	unsigned requests, replies;
	int status;
	char *reply;		/* owned: the latest */
	bool streamed;		/* … came as a stream */
};

/* ---- the fake master ---- */

static void
on_request(void *ctx, struct peer *peer UNUSED, uint64_t id, const char *method,
    json_t *params)
{
	struct fixture *f = ctx;
	json_t *data = json_object_get(params, "data");

	f->requests++;
	f->asked.id = id;
	f->asked.data_len = json_string_length(data);
	if (f->asked.data_len > 1000)
		json_object_del(params, "data");
	snprintf(f->asked.method, sizeof(f->asked.method), "%s", method);
	free(f->asked.params);
	f->asked.params = json_dumps(params, JSON_COMPACT | JSON_SORT_KEYS);
}

static void
on_master_notification(void *ctx UNUSED, struct peer *peer UNUSED, const char *method,
    json_t *params UNUSED, int fd UNUSED)
{
	fail_msg("rpcd sent the notification %s", method);
}

static void
on_closed(void *ctx UNUSED, struct peer *peer UNUSED, const char *why, bool violation UNUSED)
{
	fail_msg("a peer closed: %s", why);
}

/* What main.c does with a notification. */
static void
on_notification(void *ctx, struct peer *peer UNUSED, const char *method, json_t *params,
    int fd UNUSED)
{
	struct fixture *f = ctx;
	int took = mirror_apply(f->rpcd.mirror, method, params);

	if (took == 0)
		took = calls_job(f->rpcd.calls, method, params);
	assert_int_equal(took, 1);
}

static void
on_change(void *ctx, uint64_t id, const struct process_info *info)
{
	struct fixture *f = ctx;

	calls_changed(f->rpcd.calls, id, info);
}

static const struct peer_ops master_ops = { on_request, on_master_notification, on_closed };
static const struct peer_ops rpcd_ops = { on_request, on_notification, on_closed };

static void
turn(struct fixture *f)
{
	for (int i = 0; i < 8; i++)
		loop_turn(f->rpcd.loop, 0);
}

static void
tell(struct fixture *f, const char *method, json_t *params)
{
	assert_non_null(params);
	assert_int_equal(peer_notify(f->master, method, params, -1, 0), 0);
}

static void
tell_daemon(struct fixture *f, enum daemon_state state)
{
	struct daemon_info info = {
		.state = state,
		.fatal_reason = (char[]){""},
		.pid = 77,
		.identifier = (char[]){"supervisor"},
		.logfile = (char[]){"/log"},
		.has_main_interface = true,
	};

	tell(f, "stream.daemon", json_pack("{sI so}", "seq", (json_int_t)++f->seq, "daemon",
	    daemon_info_write(&info)));
}

/* One row in the words of a test. */
struct row {
	uint64_t id, spawn, last;
	enum verdict verdict;
	enum process_state state;
	const char *group, *name;
};

static json_t *
row_frame(struct fixture *f, const struct row *row)
{
	struct process_info info = {
		.id = row->id,
		.spawn = row->spawn,
		.last_spawn = row->last,
		.verdict = row->verdict,
		.group = xstrdup(row->group),
		.name = xstrdup(row->name),
		.state = row->state,
		.pid = row->state == PROCESS_RUNNING ? 123 : 0,
		.start = row->state == PROCESS_RUNNING ? NOW - 61 : 0,
		.spawnerr = (char[]){""},
		.stopped_at = (char[]){"Not started"},
		.stdout_logfile = (char[]){"/out"},
		.stderr_logfile = (char[]){""},
		.fed_by_pipe = true,
	};
	json_t *frame = json_pack("{sI so}", "seq", (json_int_t)++f->seq, "process",
	    process_info_write(&info));

	free(info.group);
	free(info.name);
	return frame;
}

static void
tell_row(struct fixture *f, struct row row)
{
	tell(f, "stream.process", row_frame(f, &row));
}

static const struct row web = { 1, 0, 0, VERDICT_NONE, PROCESS_STOPPED, "web", "web" };
static const struct row web_up = { 1, 1, 1, VERDICT_RUNNING, PROCESS_RUNNING, "web", "web" };

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	int fds[2];

	clock_freeze(1000, NOW * INT64_C(1000));
	log_init(NULL, NULL, LEVEL_CRITICAL);
	assert_int_equal(sock_pair(fds), 0);
	f->rpcd.loop = loop_new();
	f->rpcd.mirror = mirror_new();
	f->rpcd.page = &f->page;
	f->rpcd.master = peer_new(f->rpcd.loop, fds[0], &rpcd_ops, f);
	f->master = peer_new(f->rpcd.loop, fds[1], &master_ops, f);
	peer_autoflush(f->rpcd.master, true);
	peer_autoflush(f->master, true);
	f->rpcd.calls = calls_new(&f->rpcd);
	mirror_observe(f->rpcd.mirror, on_change, f);
	tell(f, "stream.begin", json_pack("{si}", "seq", 0));
	tell_daemon(f, DAEMON_RUNNING);
	tell_row(f, web);
	tell_row(f, (struct row){ 2, 0, 0, VERDICT_NONE, PROCESS_STOPPED, "g", "b" });
	tell_row(f, (struct row){ 3, 0, 0, VERDICT_NONE, PROCESS_STOPPED, "g", "a" });
	tell(f, "stream.end", json_pack("{sI}", "seq", (json_int_t)f->seq));
	turn(f);
	assert_true(mirror_ready(f->rpcd.mirror));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	calls_free(f->rpcd.calls);
	peer_free(f->rpcd.master);
	peer_free(f->master);
	loop_free(f->rpcd.loop);
	mirror_free(f->rpcd.mirror);
	free(f->reply);
	free(f->asked.params);
	free(f);
	clock_freeze(-1, -1);
	return 0;
}

/* ---- the client ---- */

static void
on_done(void *ctx, struct reply *reply)
{
	struct fixture *f = ctx;
	struct buf all;
	char piece[1000];
	ssize_t n;

	buf_init(&all, 0);
	f->replies++;
	f->status = reply->status;
	f->streamed = reply->stream.read != NULL;
	free(f->reply);
	if (f->streamed) {
		while ((n = reply->stream.read(reply->stream.ctx, piece, sizeof(piece))) > 0)
			assert_int_equal(buf_append(&all, piece, (size_t)n), 0);
		assert_int_equal(n, 0);
		reply->stream.free(reply->stream.ctx);
		f->reply = buf_steal(&all);
	} else {
		f->reply = buf_steal(&reply->body);
	}
}

static struct call *
begin_as(struct fixture *f, enum role role, bool may_park, const char *method,
    const char *params)
{
	char *body = xasprintf("<methodCall><methodName>%s</methodName><params>%s</params>"
	    "</methodCall>", method, params);
	struct call *call = call_begin(f->rpcd.calls, role, body, strlen(body), may_park,
	    on_done, f);

	free(body);
	return call;
}

static struct call *
begin(struct fixture *f, const char *method, const char *params)
{
	return begin_as(f, ROLE_ADMIN, true, method, params);
}

#define P(value) "<param><value>" value "</value></param>"
#define VALUE(value) "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n" value \
	"</param>\n</params>\n</methodResponse>\n"
#define STRING(s) "<value><string>" s "</string></value>\n"
#define INT(n) "<value><int>" n "</int></value>\n"
#define BOOL(b) "<value><boolean>" b "</boolean></value>\n"
#define MEMBER(name, value) "<member>\n<name>" name "</name>\n" value "</member>\n"
#define ARRAY(values) "<value><array><data>\n" values "</data></array></value>\n"
#define STRUCT(members) "<value><struct>\n" members "</struct></value>\n"
#define TRUE_VALUE VALUE(BOOL("1"))
#define FAULT_STRUCT(code, text) \
	STRUCT(MEMBER("faultCode", INT(code)) MEMBER("faultString", STRING(text)))
#define FAULT(code, text) "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n" \
	FAULT_STRUCT(code, text) "</fault>\n</methodResponse>\n"
#define RESULT(name, group, code, text) \
	STRUCT(MEMBER("name", STRING(name)) MEMBER("group", STRING(group)) \
	MEMBER("status", INT(code)) MEMBER("description", STRING(text)))

static void
expect(struct fixture *f, unsigned replies, const char *want)
{
	assert_int_equal(f->replies, replies);
	assert_int_equal(f->status, 200);
	assert_string_equal(f->reply, want);
}

/* Answered at once, as `want`. */
static void
at_once(struct fixture *f, const char *method, const char *params, const char *want)
{
	unsigned replies = f->replies;

	if (begin(f, method, params) != NULL)
		fail_msg("%s(%s) was parked", method, params);
	expect(f, replies + 1, want);
	assert_int_equal(calls_parked(f->rpcd.calls), 0);
}

/* Parked, and the master has been asked so. */
static struct call *
asks(struct fixture *f, const char *method, const char *params, const char *want_method,
    const char *want_params)
{
	unsigned requests = f->requests;
	struct call *call = begin(f, method, params);

	assert_non_null(call);
	turn(f);
	assert_int_equal(f->requests, requests + 1);
	assert_string_equal(f->asked.method, want_method);
	assert_string_equal(f->asked.params, want_params);
	return call;
}

static void
answer(struct fixture *f, json_t *result, int fd)
{
	assert_int_equal(peer_reply(f->master, f->asked.id, result, fd, 0), 0);
	turn(f);
}

static void
answer_started(struct fixture *f, int id, int spawn)
{
	answer(f, json_pack("{si si}", "id", id, "spawn", spawn), -1);
}

static void
answer_fault(struct fixture *f, enum fault fault, const char *text)
{
	assert_int_equal(peer_fault(f->master, f->asked.id, fault, text, 0), 0);
	turn(f);
}

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
	at_once(f, "supervisor.getState", "", VALUE(STRUCT(MEMBER("statecode", INT("1"))
	    MEMBER("statename", STRING("RUNNING")))));
	assert_int_equal(f->requests, 0);
}

#define INFO(name, group, state, statename, description) \
	STRUCT(MEMBER("name", STRING(name)) MEMBER("group", STRING(group)) \
	MEMBER("start", INT("0")) MEMBER("stop", INT("0")) MEMBER("now", INT("1700000000")) \
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
		at_once(f, rows[i].method, rows[i].params,
		    FAULT("2", "INCORRECT_PARAMETERS"));
	at_once(f, "supervisor.sendProcessStdin", P("nope") P("<int>5</int>"),
	    FAULT("2", "INCORRECT_PARAMETERS: 5"));
	assert_int_equal(f->requests, 0);
}

static void
test_bad_requests(void **state)
{
	struct fixture *f = *state;

	assert_null(call_begin(f->rpcd.calls, ROLE_ADMIN, "<a>", 3, true, on_done, f));
	assert_int_equal(f->status, 400);
	assert_null(call_begin(f->rpcd.calls, ROLE_ADMIN, "", 0, true, on_done, f));
	assert_int_equal(f->status, 400);
	assert_int_equal(f->replies, 2);
	at_once(f, "supervisor.nope", "", FAULT("1", "UNKNOWN_METHOD"));
	at_once(f, "nope", "", FAULT("1", "UNKNOWN_METHOD"));
	at_once(f, "supervisor.getState ", "", FAULT("1", "UNKNOWN_METHOD"));
}

/* ---- roles and moods ---- */

static void
test_roles(void **state)
{
	struct fixture *f = *state;

	assert_null(begin_as(f, ROLE_STATES, true, "supervisor.startProcess", P("web")));
	expect(f, 1, FAULT("8",
	    "NOT_PERMITTED: supervisor.startProcess needs role operate"));
	assert_null(begin_as(f, ROLE_STATES, true, "supervisor.readLog", P("0") P("0")));
	expect(f, 2, FAULT("8", "NOT_PERMITTED: supervisor.readLog needs role view"));
	assert_null(begin_as(f, ROLE_OPERATE, true, "supervisor.shutdown", ""));
	expect(f, 3, FAULT("8", "NOT_PERMITTED: supervisor.shutdown needs role admin"));
	assert_null(begin_as(f, ROLE_NONE, true, "system.listMethods", ""));
	expect(f, 4, FAULT("8", "NOT_PERMITTED: system.listMethods needs role states"));
	assert_null(begin_as(f, ROLE_STATES, true, "supervisor.getPID", ""));
	expect(f, 5, VALUE(INT("77")));
	/* each of a multicall by itself */
	assert_null(begin_as(f, ROLE_STATES, true, "system.multicall",
	    P("<array><data><value><struct><member><name>methodName</name>"
	    "<value>supervisor.restart</value></member></struct></value></data></array>")));
	expect(f, 6, VALUE(ARRAY(FAULT_STRUCT("8",
	    "NOT_PERMITTED: supervisor.restart needs role admin"))));
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
	asks(f, "supervisor.shutdown", "", "daemon.shutdown", "{}");
	answer(f, NULL, -1);
	expect(f, 3, TRUE_VALUE);
	asks(f, "supervisor.restart", "", "daemon.restart", "{}");
	answer(f, NULL, -1);
	expect(f, 4, TRUE_VALUE);
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

/* ---- start and stop ---- */

static void
test_start_waits(void **state)
{
	struct fixture *f = *state;

	asks(f, "supervisor.startProcess", P("web"), "process.start", "{\"name\":\"web\"}");
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

	asks(f, "supervisor.startProcess", P("web") P("<int>1</int>"), "process.start",
	    "{\"name\":\"web\"}");
	tell_row(f, (struct row){ 1, 1, 1, VERDICT_EXITED_EARLY, PROCESS_BACKOFF, "web",
	    "web" });
	answer_started(f, 1, 1);
	expect(f, 1, FAULT("50", "SPAWN_ERROR: web"));
	/* nothing was spawned: a process that is being stopped */
	asks(f, "supervisor.startProcess", P("web:web"), "process.start",
	    "{\"name\":\"web:web\"}");
	answer_started(f, 1, 0);
	expect(f, 2, FAULT("40", "ABNORMAL_TERMINATION: web:web"));
	asks(f, "supervisor.startProcess", P("web") P("<boolean>0</boolean>"),
	    "process.start", "{\"name\":\"web\"}");
	answer_started(f, 1, 0);
	expect(f, 3, TRUE_VALUE);
	asks(f, "supervisor.startProcess", P("web"), "process.start", "{\"name\":\"web\"}");
	answer_fault(f, FAULT_ALREADY_STARTED, "ALREADY_STARTED: web");
	expect(f, 4, FAULT("60", "ALREADY_STARTED: web"));
	asks(f, "supervisor.startProcess", P("web"), "process.start", "{\"name\":\"web\"}");
	answer_started(f, 1, 2);
	tell(f, "stream.removed", json_pack("{sI si}", "seq", (json_int_t)++f->seq, "id", 1));
	turn(f);
	expect(f, 5, FAULT("40", "ABNORMAL_TERMINATION: web"));
}

static void
test_stop(void **state)
{
	struct fixture *f = *state;

	tell_row(f, web_up);
	asks(f, "supervisor.stopProcess", P("web"), "process.stop", "{\"name\":\"web\"}");
	answer_started(f, 1, 1);
	assert_int_equal(f->replies, 0);
	tell_row(f, (struct row){ 1, 1, 1, VERDICT_RUNNING, PROCESS_STOPPING, "web", "web" });
	turn(f);
	assert_int_equal(f->replies, 0);
	tell_row(f, (struct row){ 1, 1, 1, VERDICT_RUNNING, PROCESS_STOPPED, "web", "web" });
	turn(f);
	expect(f, 1, TRUE_VALUE);
	asks(f, "supervisor.stopProcess", P("web") P(""), "process.stop",
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
		struct call *call = asks(f, "supervisor.startProcess", params,
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
job_result(struct fixture *f, int id, const char *name, int spawn)
{
	tell(f, "job.result", json_pack("{si si ss ss si}", "job", 5, "id", id, "group", "g",
	    "name", name, "spawn", spawn));
}

static void
test_group(void **state)
{
	struct fixture *f = *state;

	asks(f, "supervisor.startProcess", P("g:*"), "process.start", "{\"name\":\"g:*\"}");
	answer(f, json_pack("{si}", "job", 5), -1);
	job_result(f, 2, "b", 1);
	tell(f, "job.result", json_pack("{si si ss ss s{si ss}}", "job", 5, "id", 3, "group",
	    "g", "name", "a", "fault", "code", 50, "text", "SPAWN_ERROR: g:a"));
	/* of another job: taken and ignored */
	tell(f, "job.end", json_pack("{si}", "job", 4));
	tell(f, "job.end", json_pack("{si}", "job", 5));
	turn(f);
	assert_int_equal(f->replies, 0);
	tell_row(f, (struct row){ 2, 1, 1, VERDICT_RUNNING, PROCESS_RUNNING, "g", "b" });
	turn(f);
	expect(f, 1, VALUE(ARRAY(RESULT("a", "g", "50", "SPAWN_ERROR: g:a")
	    RESULT("b", "g", "80", "OK"))));
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
		asks(f, rows[i].method, rows[i].params, rows[i].command, rows[i].arguments);
		answer(f, json_pack("{si}", "job", 5), -1);
		assert_int_equal(f->replies, i);
		tell(f, "job.end", json_pack("{si}", "job", 5));
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

	asks(f, "supervisor.startAllProcesses", "", "all.start", "{}");
	answer(f, json_pack("{si}", "job", 5), -1);
	assert_int_equal(calls_job(f->rpcd.calls, "job.result", nameless), -1);
	assert_int_equal(calls_job(f->rpcd.calls, "job.end", empty), -1);
	assert_int_equal(calls_job(f->rpcd.calls, "stream.end", empty), 0);
}

/* ---- signals and stdin ---- */

static void
test_signal(void **state)
{
	struct fixture *f = *state;

	asks(f, "supervisor.signalProcess", P("web") P("<int>15</int>"), "process.signal",
	    "{\"name\":\"web\",\"signal\":\"15\"}");
	answer(f, NULL, -1);
	expect(f, 1, TRUE_VALUE);
	asks(f, "supervisor.signalProcess", P("web") P("<double>9.9</double>"),
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

	asks(f, "supervisor.sendProcessStdin", P("web") P("h\xc3\xa9\n"), "process.stdin",
	    "{\"data\":\"h\xc3\xa9\\n\",\"name\":\"web\"}");
	answer(f, NULL, -1);
	expect(f, 1, TRUE_VALUE);
	memset(big, 'x', 1000000);
	big[1000000] = '\0';
	params = xasprintf(P("web") P("%s"), big);
	asks(f, "supervisor.sendProcessStdin", params, "process.stdin", "{\"name\":\"web\"}");
	assert_int_equal(f->asked.data_len, 1000000);
	answer(f, NULL, -1);
	free(params);
	/* a name of that size never reaches the wire */
	params = xasprintf(P("%s"), big);
	assert_null(begin(f, "supervisor.startProcess", params));
	assert_non_null(strstr(f->reply, "<string>BAD_NAME: xxx"));
	assert_int_equal(f->requests, 2);
	free(params);
	free(big);
}

/* ---- logs ---- */

static int
make_log(const char *text, size_t times)
{
	char path[] = "/tmp/test_call.XXXXXX";
	int fd = mkstemp(path);
	FILE *file;

	assert_true(fd >= 0);
	unlink(path);
	file = fdopen(dup(fd), "w");
	assert_non_null(file);
	for (size_t i = 0; i < times; i++)
		fputs(text, file);
	fclose(file);
	return fd;
}

static void
answer_log(struct fixture *f, const char *text, size_t times)
{
	answer(f, json_pack("{ss}", "path", "/out"), make_log(text, times));
}

static void
test_read_log(void **state)
{
	struct fixture *f = *state;

	asks(f, "supervisor.readProcessStdoutLog", P("web") P("<int>2</int>") P("3"),
	    "log.open", "{\"name\":\"web\",\"stream\":\"stdout\"}");
	answer_log(f, "01<\xff\n56", 1);
	expect(f, 1, VALUE(STRING("&lt;\xef\xbf\xbd\n")));
	asks(f, "supervisor.readProcessStderrLog", P("web") P("0") P("<double>1.7</double>"),
	    "log.open", "{\"name\":\"web\",\"stream\":\"stderr\"}");
	answer_log(f, "0123", 1);
	expect(f, 2, VALUE(STRING("0")));
	asks(f, "supervisor.readLog", P("-3") P("0"), "mainlog.open", "{}");
	answer_log(f, "01234", 1);
	expect(f, 3, VALUE(STRING("234")));
	asks(f, "supervisor.readMainLog", P("-3") P("1"), "mainlog.open", "{}");
	answer_log(f, "01234", 1);
	expect(f, 4, FAULT("3", "BAD_ARGUMENTS"));
	asks(f, "supervisor.readProcessLog", P("web") P("0") P("0"), "log.open",
	    "{\"name\":\"web\",\"stream\":\"stdout\"}");
	answer_fault(f, FAULT_NO_FILE, "NO_FILE: /out");
	expect(f, 5, FAULT("20", "NO_FILE: /out"));
	asks(f, "supervisor.readLog", P("0") P("0"), "mainlog.open", "{}");
	answer(f, json_pack("{ss}", "path", "/"), open("/", O_RDONLY | O_CLOEXEC));
	expect(f, 6, VALUE(STRING("")));
}

static void
test_long_log(void **state)
{
	struct fixture *f = *state;

	asks(f, "supervisor.readLog", P("0") P("0"), "mainlog.open", "{}");
	answer_log(f, "0123456789<", 20000);
	assert_true(f->streamed);
	assert_int_equal(strlen(f->reply), strlen(VALUE(STRING(""))) + 20000 * 14);
	assert_memory_equal(f->reply, VALUE(STRING("")), 50);
	assert_string_equal(f->reply + strlen(f->reply) - 60,
	    "&lt;</string></value>\n</param>\n</params>\n</methodResponse>\n");
}

#define TAIL(data, offset, overflow) \
	VALUE(ARRAY(STRING(data) INT(offset) BOOL(overflow)))

static void
test_tail_log(void **state)
{
	struct fixture *f = *state;
	static const char want[] = "{\"name\":\"web\",\"stream\":\"stdout\"}";

	asks(f, "supervisor.tailProcessStdoutLog", P("web") P("0") P("3"), "log.open", want);
	answer_log(f, "0123456789abc", 1);
	expect(f, 1, TAIL("abc", "13", "1"));
	asks(f, "supervisor.tailProcessLog", P("web") P("5") P("100"), "log.open", want);
	answer_log(f, "0123456789abc", 1);
	expect(f, 2, TAIL("0123456789abc", "13", "0"));
	asks(f, "supervisor.tailProcessLog", P("web") P("5") P("100"), "log.open", want);
	answer_fault(f, FAULT_NO_FILE, "NO_FILE");
	expect(f, 3, TAIL("", "0", "0"));
	asks(f, "supervisor.tailProcessLog", P("web") P("5") P("100"), "log.open", want);
	answer_fault(f, FAULT_FAILED, "FAILED");
	expect(f, 4, TAIL("", "5", "0"));
	asks(f, "supervisor.tailProcessLog", P("web") P("5") P("100"), "log.open", want);
	answer_fault(f, FAULT_BAD_NAME, "BAD_NAME: web");
	expect(f, 5, FAULT("10", "BAD_NAME: web"));
	asks(f, "supervisor.tailProcessStderrLog", P("web") P("0") P("0"), "log.open",
	    "{\"name\":\"web\",\"stream\":\"stderr\"}");
	answer(f, json_pack("{ss}", "path", "/dev/null"),
	    open("/dev/null", O_RDONLY | O_CLOEXEC));
	expect(f, 6, TAIL("", "0", "0"));
}

static void
test_clear_log(void **state)
{
	struct fixture *f = *state;

	asks(f, "supervisor.clearProcessLogs", P("web"), "log.clear", "{\"name\":\"web\"}");
	answer(f, NULL, -1);
	expect(f, 1, TRUE_VALUE);
	asks(f, "supervisor.clearLog", "", "mainlog.clear", "{}");
	answer_fault(f, FAULT_NO_FILE, "NO_FILE");
	expect(f, 2, FAULT("20", "NO_FILE"));
}

/* ---- system.* ---- */

static void
test_introspection(void **state)
{
	struct fixture *f = *state;

	begin(f, "system.listMethods", "");
	assert_non_null(strstr(f->reply, STRING("supervisor.tailProcessLog")
	    STRING("supervisor.tailProcessStderrLog")));
	assert_null(strstr(f->reply, "reloadConfig"));
	at_once(f, "system.methodSignature", P("supervisor.startProcess"),
	    VALUE(ARRAY(STRING("boolean") STRING("string") STRING("boolean"))));
	at_once(f, "system.methodSignature", P("x"), FAULT("4", "SIGNATURE_UNSUPPORTED"));
	at_once(f, "system.methodHelp", P("<int>1</int>"),
	    FAULT("4", "SIGNATURE_UNSUPPORTED"));
	begin(f, "system.methodHelp", P("supervisor.startProcess"));
	assert_non_null(strstr(f->reply, "@param boolean wait (optional)\n@return boolean"));
}

#define CALL(name) "<value><struct><member><name>methodName</name><value>" name \
	"</value></member></struct></value>"
#define CALL1(name, param) "<value><struct><member><name>methodName</name><value>" name \
	"</value></member><member><name>params</name><value><array><data><value>" param \
	"</value></data></array></value></member></struct></value>"
#define CALLS(calls) P("<array><data>" calls "</data></array>")

static void
test_multicall_at_once(void **state)
{
	struct fixture *f = *state;

	at_once(f, "system.multicall", CALLS(""), VALUE(ARRAY("")));
	at_once(f, "system.multicall", CALLS(CALL("supervisor.getPID") CALL("no.such")
	    "<value>text</value><value><struct/></value>" CALL("<int>4</int>")
	    CALL("system.multicall") CALL1("supervisor.getPID", "x")
	    CALL1("system.methodSignature", "supervisor.getPID")),
	    VALUE(ARRAY(INT("77") FAULT_STRUCT("1", "UNKNOWN_METHOD")
	    FAULT_STRUCT("2", "INCORRECT_PARAMETERS")
	    FAULT_STRUCT("2", "INCORRECT_PARAMETERS: No methodName")
	    FAULT_STRUCT("2", "INCORRECT_PARAMETERS")
	    FAULT_STRUCT("2", "INCORRECT_PARAMETERS: Recursive system.multicall forbidden")
	    FAULT_STRUCT("2", "INCORRECT_PARAMETERS") ARRAY(STRING("int")))));
	at_once(f, "system.multicall", P("<array><data><value><struct><member>"
	    "<name>methodName</name><value>supervisor.getPID</value></member><member>"
	    "<name>params</name><value>x</value></member></struct></value></data></array>"),
	    VALUE(ARRAY(FAULT_STRUCT("2", "INCORRECT_PARAMETERS"))));
}

/* One after another, however long each takes. */
static void
test_multicall_waits(void **state)
{
	struct fixture *f = *state;

	asks(f, "system.multicall", CALLS(CALL("supervisor.getPID")
	    CALL1("supervisor.startProcess", "web") CALL1("supervisor.startProcess", "g:a")
	    CALL1("supervisor.startProcessGroup", "g")
	    CALL("supervisor.getAPIVersion")), "process.start", "{\"name\":\"web\"}");
	answer_started(f, 1, 1);
	assert_int_equal(f->requests, 1);
	tell_row(f, web_up);
	turn(f);
	assert_int_equal(f->requests, 2);
	assert_string_equal(f->asked.params, "{\"name\":\"g:a\"}");
	answer_fault(f, FAULT_ALREADY_STARTED, "ALREADY_STARTED: g:a");
	assert_int_equal(f->requests, 3);
	answer(f, json_pack("{si}", "job", 5), -1);
	job_result(f, 2, "b", 1);
	tell(f, "job.end", json_pack("{si}", "job", 5));
	tell_row(f, (struct row){ 2, 1, 1, VERDICT_RUNNING, PROCESS_RUNNING, "g", "b" });
	turn(f);
	expect(f, 1, VALUE(ARRAY(INT("77") BOOL("1")
	    FAULT_STRUCT("60", "ALREADY_STARTED: g:a") ARRAY(RESULT("b", "g", "80", "OK"))
	    STRING("3.0"))));
}

static void
test_multicall_logs(void **state)
{
	struct fixture *f = *state;
	static const char params[] = "<value><struct><member><name>methodName</name>"
	    "<value>supervisor.readLog</value></member><member><name>params</name><value>"
	    "<array><data><value>0</value><value>0</value></data></array></value></member>"
	    "</struct></value>";
	struct buf calls;
	char *text;

	buf_init(&calls, 0);
	assert_int_equal(buf_puts(&calls, "<param><value><array><data>"), 0);
	for (int i = 0; i <= DOCUMENT_LOGS_MAX; i++)
		assert_int_equal(buf_puts(&calls, params), 0);
	assert_int_equal(buf_puts(&calls, "</data></array></value></param>"), 0);
	text = buf_steal(&calls);
	assert_non_null(begin(f, "system.multicall", text));
	for (int i = 0; i <= DOCUMENT_LOGS_MAX; i++) {
		turn(f);
		assert_int_equal(f->requests, i + 1);
		answer_log(f, "0123456789", 10000);
	}
	assert_int_equal(f->replies, 1);
	assert_true(strlen(f->reply) > DOCUMENT_LOGS_MAX * 100000);
	assert_non_null(strstr(f->reply, FAULT_STRUCT("30", "FAILED")));
	free(text);
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
	/* the page runs on: what the read needs does not */
	atomic_store(&f->page, f->seq + 100);
	tell_row(f, web_up);
	turn(f);
	expect(f, 2, VALUE(INT("77")));
}

/* What lies in the socket is read first. */
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

	tell(f, "stream.begin", json_pack("{sI}", "seq", (json_int_t)f->seq));
	tell_row(f, web_up);
	turn(f);
	assert_non_null(begin(f, "supervisor.getProcessInfo", P("g:a")));
	tell_row(f, (struct row){ 3, 0, 0, VERDICT_NONE, PROCESS_STOPPED, "g", "a" });
	tell(f, "stream.end", json_pack("{sI}", "seq", (json_int_t)f->seq));
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

	call = asks(f, "supervisor.readLog", P("0") P("0"), "mainlog.open", "{}");
	call_abandon(call);
	answer_log(f, "text", 1);
	call = asks(f, "supervisor.startAllProcesses", "", "all.start", "{}");
	answer(f, json_pack("{si}", "job", 5), -1);
	call_abandon(call);
	job_result(f, 2, "b", 1);
	tell(f, "job.end", json_pack("{si}", "job", 5));
	turn(f);
	assert_int_equal(f->replies, 0);
	assert_int_equal(calls_parked(f->rpcd.calls), 0);
}

static void
test_end(void **state)
{
	struct fixture *f = *state;

	asks(f, "supervisor.startProcess", P("web"), "process.start", "{\"name\":\"web\"}");
	answer_started(f, 1, 1);
	asks(f, "supervisor.startAllProcesses", "", "all.start", "{}");
	answer(f, json_pack("{si}", "job", 5), -1);
	asks(f, "supervisor.clearLog", "", "mainlog.clear", "{}");
	atomic_store(&f->page, f->seq + 1);
	assert_non_null(begin(f, "supervisor.getPID", ""));
	assert_non_null(begin(f, "system.multicall", CALLS(CALL("supervisor.getPID")
	    CALL("supervisor.clearLog"))));
	assert_int_equal(calls_parked(f->rpcd.calls), 5);
	calls_end(f->rpcd.calls);
	expect(f, 5, VALUE(ARRAY(INT("77")
	    FAULT_STRUCT("30", "FAILED: reeved is ending"))));
	assert_int_equal(calls_parked(f->rpcd.calls), 0);
	at_once(f, "supervisor.clearLog", "", FAULT("30", "FAILED: reeved is ending"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_constants), TEST(test_info), TEST(test_wrong_parameters),
		TEST(test_bad_requests), TEST(test_roles), TEST(test_moods),
		TEST(test_start_waits), TEST(test_start_outcomes), TEST(test_stop),
		TEST(test_truth), TEST(test_group), TEST(test_bulk_commands),
		TEST(test_malformed_job), TEST(test_signal), TEST(test_stdin),
		TEST(test_read_log), TEST(test_long_log), TEST(test_tail_log),
		TEST(test_clear_log), TEST(test_introspection),
		TEST(test_multicall_at_once), TEST(test_multicall_waits),
		TEST(test_multicall_logs), TEST(test_parked_read), TEST(test_drained_read),
		TEST(test_parked_in_snapshot), TEST(test_no_room), TEST(test_abandon),
		TEST(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
