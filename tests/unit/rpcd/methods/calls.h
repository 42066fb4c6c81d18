/* Calls: shared by the tests of call.c, invocation.c, invocation_wait.c and the handlers: a
 * fake master on the other end of a socket pair, a mirror, and a client that compares
 * replies. */
#ifndef TESTS_CALLS_H
#define TESTS_CALLS_H

#include "tests/unit/rpcd/tail/made_log.h"

#include "rpcd/methods/call_impl.h"
#include "rpcd/methods/process_list.h"
#include "rpcd/methods/rpcinterface.h"
#include "rpcd/methods/table.h"
#include "rpcd/reports.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sock.h"
#include "proto/row.h"
#include "rpcd/methods/reply_text.h"
#include "rpcd/stats.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW 1700000000

struct request {
	uint64_t id;
	char method[64];
	char *params;    /* owned: JSON with sorted keys, without `by` */
	char *by;        /* owned: JSON with sorted keys */
	size_t data_len; /* of a long string, which params do not have */
};

struct fixture {
	struct rpcd rpcd;
	struct mirror_observer observer;
	struct share share;              /* of the one listener */
	struct caller callers[ROLE_MAX]; /* who have only a role */
	struct caller user;              /* set by the test */
	struct peer *master;             /* the end of the fake master */
	_Atomic uint64_t page;
	uint64_t seq;
	struct request request; /* the latest request */
	unsigned requests, replies, reports;
	char *report; /* owned: params of the latest audit.report */
	int status;
	char *reply;      /* owned: the latest reply */
	bool streamed;    /* it was a stream */
	bool ends_daemon; /* it ends the daemon */
};

/* ---- the fake master ---- */

static inline void
on_request(
    void *ctx, struct peer *peer UNUSED, uint64_t id, const char *method, json_t *params)
{
	struct fixture *f = ctx;
	json_t *data = json_object_get(params, "data");

	if (strcmp(method, "audit.report") == 0) {
		free(f->report);
		f->report = json_dumps(params, JSON_COMPACT | JSON_SORT_KEYS);
		f->reports++;
		return;
	}
	f->requests++;
	f->request.id = id;
	f->request.data_len = json_string_length(data);
	if (f->request.data_len > 1000)
		json_object_del(params, "data");
	snprintf(f->request.method, sizeof(f->request.method), "%s", method);
	free(f->request.params);
	free(f->request.by);
	f->request.by =
	    json_dumps(json_object_get(params, "by"), JSON_COMPACT | JSON_SORT_KEYS);
	json_object_del(params, "by");
	f->request.params = json_dumps(params, JSON_COMPACT | JSON_SORT_KEYS);
}

static inline void
on_master_notification(void *ctx UNUSED, struct peer *peer UNUSED, const char *method,
    json_t *params UNUSED, int fd UNUSED)
{
	fail_msg("rpcd sent the notification %s", method);
}

static inline void
on_closed(
    void *ctx UNUSED, struct peer *peer UNUSED, const char *why, bool violation UNUSED)
{
	fail_msg("a peer closed: %s", why);
}

/* Handles a notification as main.c does. */
static inline void
on_notification(
    void *ctx, struct peer *peer UNUSED, const char *method, json_t *params, int fd UNUSED)
{
	struct fixture *f = ctx;
	int took = mirror_apply(f->rpcd.mirror, method, params);

	if (took == 0)
		took = calls_job(f->rpcd.calls, method, params);
	assert_int_equal(took, 1);
}

static inline void
on_change(void *ctx, uint64_t id, const struct process_info *info)
{
	struct fixture *f = ctx;

	calls_changed(f->rpcd.calls, id, info);
}

static const struct peer_ops master_ops = { on_request, on_master_notification, on_closed };
static const struct peer_ops rpcd_ops = { on_request, on_notification, on_closed };

static inline void
turn(struct fixture *f)
{
	for (int i = 0; i < 8; i++)
		loop_turn(f->rpcd.loop, 0);
}

static inline void
notify(struct fixture *f, const char *method, json_t *params)
{
	assert_non_null(params);
	assert_int_equal(peer_notify(f->master, method, params, -1, 0), 0);
}

static inline void
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

	notify(f, "stream.daemon",
	    json_pack("{sI so}", "seq", (json_int_t)++f->seq, "daemon",
		daemon_info_write(&info)));
}

/* A row from the arguments of a test. */
struct row {
	uint64_t id, spawn, last;
	enum verdict verdict;
	enum process_state state;
	const char *group, *name;
};

static inline json_t *
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
		.failure = (char[]){""},
		.waiting_for = (char[]){""},
		.ready = row->state == PROCESS_RUNNING,
		.stopped_at = (char[]){"Not started"},
		.stdout_logfile = (char[]){"/out"},
		.stderr_logfile = (char[]){""},
		.fed_by_pipe = true,
	};
	json_t *frame = NULL;
	struct buf text;

	buf_init(&text, 0);
	if (row_write(&text, &info, ROW_MEMBERS) == 0)
		frame = json_pack("{sI so}", "seq", (json_int_t)++f->seq, "process",
		    json_loadb(buf_data(&text), buf_len(&text), 0, NULL));
	buf_clear(&text);
	free(info.group);
	free(info.name);
	return frame;
}

static inline void
tell_row(struct fixture *f, struct row row)
{
	notify(f, "stream.process", row_frame(f, &row));
}

static const struct row web UNUSED = { 1, 0, 0, VERDICT_NONE, PROCESS_STOPPED, "web",
	"web" };
static const struct row web_up UNUSED = { 1, 1, 1, VERDICT_RUNNING, PROCESS_RUNNING, "web",
	"web" };

static const struct caller_origin test_origin = { .is_unix = true, .uid = 7, .pid = 42 };

static inline int
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
	peer_options(f->rpcd.master)->autoflush = true;
	peer_options(f->master)->autoflush = true;
	f->rpcd.calls = calls_new(&f->rpcd);
	f->rpcd.rpcinterfaces = rpcinterfaces_new(&f->rpcd);
	f->rpcd.stats = stats_new(&f->rpcd);
	f->rpcd.sources[0] = &method_table;
	f->rpcd.sources[1] = &reeve_methods;
	f->rpcd.sources[2] = rpcinterfaces_source(f->rpcd.rpcinterfaces);
	budget_init(&f->share.budget, "a listener", BUDGET_MAX, 100);
	f->share.processes = process_list_new(&f->rpcd, &f->share.budget);
	f->share.reports = reports_new(&f->rpcd);
	for (int role = 0; role < ROLE_MAX; role++) {
		f->callers[role] = (struct caller){ .ceiling = ROLE_ADMIN,
			.origin = &test_origin,
			.section = "inet_http_server" };
		caller_identify(
		    &f->callers[role], CALLER_OPEN, grant_of_role((enum role)role));
	}
	f->observer = (struct mirror_observer){ .row = on_change, .ctx = f };
	mirror_observe(f->rpcd.mirror, &f->observer);
	notify(f, "stream.begin", json_pack("{si}", "seq", 0));
	tell_daemon(f, DAEMON_RUNNING);
	tell_row(f, web);
	tell_row(f, (struct row){ 2, 0, 0, VERDICT_NONE, PROCESS_STOPPED, "g", "b" });
	tell_row(f, (struct row){ 3, 0, 0, VERDICT_NONE, PROCESS_STOPPED, "g", "a" });
	notify(f, "stream.end", json_pack("{sI}", "seq", (json_int_t)f->seq));
	turn(f);
	assert_true(f->rpcd.mirror->ready);
	*state = f;
	return 0;
}

static inline int
teardown(void **state)
{
	struct fixture *f = *state;

	rpcinterfaces_free(f->rpcd.rpcinterfaces);
	calls_free(f->rpcd.calls);
	stats_free(f->rpcd.stats);
	process_list_free(f->share.processes);
	reports_free(f->share.reports);
	peer_free(f->rpcd.master);
	peer_free(f->master);
	loop_free(f->rpcd.loop);
	mirror_free(f->rpcd.mirror);
	free(f->reply);
	free(f->request.params);
	free(f->request.by);
	free(f->report);
	free(f);
	clock_freeze(-1, -1);
	return 0;
}

/* ---- the client ---- */

static inline void
on_done(void *ctx, struct reply *reply)
{
	struct fixture *f = ctx;
	struct buf all;
	char piece[1000];
	ssize_t n;

	buf_init(&all, 0);
	f->replies++;
	f->status = reply->status;
	f->streamed = reply->stream != NULL;
	f->ends_daemon = reply->ends_daemon;
	free(f->reply);
	if (f->streamed) {
		while ((n = reply->stream->read(reply->stream, piece, 1000)) > 0)
			assert_int_equal(buf_append(&all, piece, (size_t)n), 0);
		assert_int_equal(n, 0);
		reply->stream->free(reply->stream);
		f->reply = buf_steal(&all);
	} else if (reply->shared != NULL) {
		f->reply = xasprintf("%.*s", (int)reply->shared->len, reply->shared->data);
		shared_buffer_unref(reply->shared);
	} else {
		f->reply = buf_steal(&reply->body);
	}
}

static inline struct call *
begin_for(struct fixture *f, const struct caller *caller, bool may_park, const char *text,
    call_done_fn *done, void *ctx)
{
	struct call *call;
	struct buf body;

	buf_init(&body, 0);
	assert_int_equal(buf_puts(&body, text), 0);
	call = call_begin(f->rpcd.calls, &f->share, caller, &body, may_park, done, ctx);
	buf_clear(&body);
	return call;
}

static inline struct call *
begin_text(struct fixture *f, enum role role, bool may_park, const char *text,
    call_done_fn *done, void *ctx)
{
	return begin_for(f, &f->callers[role], may_park, text, done, ctx);
}

static inline struct call *
begin_as(struct fixture *f, enum role role, bool may_park, const char *method,
    const char *params)
{
	char *body = xasprintf("<methodCall><methodName>%s</methodName><params>%s</params>"
			       "</methodCall>",
	    method, params);
	struct call *call = begin_text(f, role, may_park, body, on_done, f);

	free(body);
	return call;
}

static inline struct call *
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
#define DOUBLE(n) "<value><double>" n "</double></value>\n"
#define ARRAY_BEGIN "<value><array><data>\n"
#define ARRAY(values) ARRAY_BEGIN values "</data></array></value>\n"
#define STRUCT(members) "<value><struct>\n" members "</struct></value>\n"
#define TRUE_VALUE VALUE(BOOL("1"))
#define FAULT_STRUCT(code, text) \
	STRUCT(MEMBER("faultCode", INT(code)) MEMBER("faultString", STRING(text)))
#define FAULT(code, text) "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n" \
	FAULT_STRUCT(code, text) "</fault>\n</methodResponse>\n"
#define RESULT(name, group, code, text) \
	STRUCT(MEMBER("name", STRING(name)) MEMBER("group", STRING(group)) \
	MEMBER("status", INT(code)) MEMBER("description", STRING(text)))

static inline void
expect(struct fixture *f, unsigned replies, const char *want)
{
	assert_int_equal(f->replies, replies);
	assert_int_equal(f->status, 200);
	assert_string_equal(f->reply, want);
}

static inline size_t
calls_parked(const struct calls *calls)
{
	const struct call *call;
	size_t n = 0;

	TAILQ_FOREACH(call, &calls->parked, link)
		n++;
	return n;
}

/* Makes a call that must be answered at once with `want`. */
static inline void
at_once(struct fixture *f, const char *method, const char *params, const char *want)
{
	unsigned replies = f->replies;

	if (begin(f, method, params) != NULL)
		fail_msg("%s(%s) was parked", method, params);
	expect(f, replies + 1, want);
	assert_int_equal(calls_parked(f->rpcd.calls), 0);
}

/* Makes a call that must be parked after it has sent this request to the master. */
static inline struct call *
requests(struct fixture *f, const char *method, const char *params, const char *want_method,
    const char *want_params)
{
	unsigned requests = f->requests;
	struct call *call = begin(f, method, params);

	assert_non_null(call);
	for (int i = 0; i < 1000 && f->requests == requests; i++)
		loop_turn(f->rpcd.loop, 10);
	assert_int_equal(f->requests, requests + 1);
	assert_string_equal(f->request.method, want_method);
	assert_string_equal(f->request.params, want_params);
	return call;
}

static inline void
answer(struct fixture *f, json_t *result, int fd)
{
	assert_int_equal(peer_reply(f->master, f->request.id, result, fd, 0), 0);
	turn(f);
}

static inline void
answer_started(struct fixture *f, int id, int spawn)
{
	answer(f, json_pack("{si si}", "id", id, "spawn", spawn), -1);
}

static inline void
answer_fault(struct fixture *f, enum fault fault, const char *text)
{
	assert_int_equal(peer_fault(f->master, f->request.id, fault, text, 0), 0);
	turn(f);
}

/* ---- logs, jobs, multicalls ---- */

static inline void
answer_log(struct fixture *f, const char *text, size_t times)
{
	answer(f, json_pack("{ss}", "path", "/out"), make_log(text, times));
}

static inline void
job_result(struct fixture *f, int id, const char *name, int spawn)
{
	notify(f, "job.result",
	    json_pack("{si si ss ss si}", "job", 5, "id", id, "group", "g", "name", name,
		"spawn", spawn));
}

#define CALL(name) "<value><struct><member><name>methodName</name><value>" name \
	"</value></member></struct></value>"
#define CALL1(name, param) "<value><struct><member><name>methodName</name><value>" name \
	"</value></member><member><name>params</name><value><array><data><value>" param \
	"</value></data></array></value></member></struct></value>"
#define CALLS(calls) P("<array><data>" calls "</data></array>")

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
