#include "ctl/daemon/control.h"

#include "common/clock.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/loop.h"
#include "common/mem.h"
#include "ctl/daemon/connect.h"
#include "proto/frame.h"
#include "proto/peer/peer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTROL_PROTOCOL 1
#define CONTROL_PUMP_TURNS 1000
#define CONTROL_HELLO_MS 10000 /* from connecting to the complete mirror */
#define CONTROL_TICK_MS 1000
#define CONTROL_AT_ONCE 64 /* calls without a reply, of control_call_many */

struct control {
	struct loop *loop;
	struct peer *peer;
	struct mirror *mirror;
	struct source *timer;
	char *lost;
	char *version; /* of the daemon, from its answer to hello */
	bool revoked;  /* the daemon is about to close the connection */
	/* The current call. */
	struct reply *reply; /* borrowed; NULL after the reply */
	enum wait_kind wait;
	bulk_result_fn *each; /* NULL for a call without a job */
	void *each_ctx;
	struct bulk *bulk;
	json_int_t job;
	json_t *collected;    /* of control_collect, borrowed; or NULL */
	json_t *cancelled;    /* parameters of process.cancelled since the call */
	size_t pending;       /* calls of control_call_many without a reply */
	void (*tick)(void *); /* or NULL */
	void *tick_ctx;
	int64_t tick_ms; /* the time of its next call */
	struct mirror_observer mirrored;
	mirror_change_fn *observer; /* or NULL */
	void *observer_ctx;
};

static void
control_lose(struct control *c, const char *why)
{
	if (c->lost == NULL)
		c->lost = xstrdup(*why != '\0' ? why : "the daemon closed the connection");
}

static const struct process_info *
control_row(void *ctx, uint64_t id)
{
	struct control *c = ctx;

	return mirror_by_id(c->mirror, id);
}

static void
control_row_changed(void *ctx, uint64_t id, const struct process_info *info)
{
	struct control *c = ctx;

	if (c->bulk != NULL)
		bulk_changed(c->bulk, id, info);
	if (c->observer != NULL)
		c->observer(c->observer_ctx, id, info);
}

static void
control_on_request(void *ctx, struct peer *peer UNUSED, uint64_t id UNUSED,
    const char *method UNUSED, json_t *params UNUSED)
{
	control_lose(ctx, "the server sent a request");
}

/* The results of a job always follow the reply that names the job. */
static void
control_on_job(struct control *c, const char *method, json_t *params)
{
	json_t *job = json_object_get(params, "job");

	if (c->collected != NULL)
		(void)json_array_append_new(c->collected,
		    json_pack("{ss, sO}", "method", method, "params", params));
	if (strcmp(method, "process.cancelled") == 0)
		(void)json_array_append(c->cancelled, params);
	if (c->bulk == NULL || json_integer_value(job) != c->job)
		return;
	if (strcmp(method, "job.end") == 0)
		bulk_ended(c->bulk);
	else if (strcmp(method, "job.result") == 0 && bulk_add(c->bulk, params) == -1)
		control_lose(c, "malformed job.result");
}

static void
control_on_notification(
    void *ctx, struct peer *peer UNUSED, const char *method, json_t *params, int fd)
{
	struct control *c = ctx;
	int applied = mirror_apply(c->mirror, method, params);

	fd_close(fd);
	/* A reply may follow. */
	c->revoked |= strcmp(method, "rights.changed") == 0;
	if (applied == -1)
		control_lose(c, "malformed state stream");
	else if (applied == 0)
		control_on_job(c, method, params);
}

static void
control_on_closed(void *ctx, struct peer *peer, const char *why, bool violation UNUSED)
{
	struct control *c = ctx;

	control_lose(
	    c, c->revoked && *why == '\0' ? "the rights of this user have changed" : why);
	peer_free(peer);
	c->peer = NULL;
}

static void
control_on_timeout(void *ctx, uint32_t ready UNUSED)
{
	control_lose(ctx, "no reply from the daemon");
}

static const struct peer_ops control_ops = {
	.request = control_on_request,
	.notification = control_on_notification,
	.closed = control_on_closed,
};

static void
control_on_reply(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct control *c = ctx;
	json_t *job = json_object_get(result, "job");

	c->reply->fd = fd;
	c->reply->fault = fault;
	if (fault != FAULT_NONE)
		c->reply->text = xstrdup(message);
	else
		c->reply->result = json_incref(result);
	if (fault == FAULT_NONE && c->each != NULL && json_is_integer(job)) {
		c->job = json_integer_value(job);
		c->bulk = bulk_new(c->wait, control_row, c, c->each, c->each_ctx);
		if (c->bulk == NULL)
			control_lose(c, strerror(ENOMEM));
	}
	c->reply = NULL;
}

int
control_turn(struct control *c)
{
	int64_t left = c->tick_ms - clock_mono_ms();
	int timeout = c->tick == NULL ? -1 : left > 0 ? (int)left : 0;

	if (c->lost != NULL)
		return -1;
	if (loop_turn(c->loop, timeout) == -1 && errno != EINTR)
		control_lose(c, strerror(errno));
	if (c->tick != NULL && clock_mono_ms() >= c->tick_ms) {
		c->tick_ms = clock_mono_ms() + CONTROL_TICK_MS;
		c->tick(c->tick_ctx);
	}
	return 0;
}

int
control_call(
    struct control *c, const char *method, json_t *params, bool want_fd, struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	if (c->lost != NULL || c->peer == NULL) {
		json_decref(params);
		return -1;
	}
	c->reply = r;
	(void)json_array_clear(c->cancelled);
	if (peer_call(c->peer, method, params, want_fd, control_on_reply, c) == 0)
		control_lose(c, strerror(errno));
	while (c->reply != NULL && control_turn(c) == 0)
		;
	/* The reply counts even if the connection was lost after it. */
	if (c->reply == NULL)
		return 0;
	c->reply = NULL;
	return -1;
}

void
control_collect(struct control *c, json_t *notifications)
{
	c->collected = notifications;
}

int
control_pump(struct control *c)
{
	struct pollfd p = { .fd = control_fd(c), .events = POLLIN };

	/* A turn reads a bounded part of the input; the number of turns is bounded too. */
	for (int turns = 0; turns < CONTROL_PUMP_TURNS && c->lost == NULL; turns++) {
		if (turns > 0 && poll(&p, 1, 0) != 1)
			break;
		if (loop_turn(c->loop, 0) == -1 && errno != EINTR)
			control_lose(c, strerror(errno));
	}
	return c->lost == NULL ? 0 : -1;
}

/* Runs until the job has all results; 0 or -1. */
static int
control_finish_job(struct control *c)
{
	bool done;

	while (!(done = bulk_done(c->bulk)) && control_turn(c) == 0)
		;
	bulk_free(c->bulk);
	c->bulk = NULL;
	return done ? 0 : -1;
}

/* Runs until the rows show the outcome of starting or stopping one process; 0 or -1. */
static int
control_finish_one(struct control *c, struct reply *r)
{
	json_int_t id = json_integer_value(json_object_get(r->result, "id"));
	json_int_t spawn = json_integer_value(json_object_get(r->result, "spawn"));

	while (!wait_decide(
	    c->wait, mirror_by_id(c->mirror, (uint64_t)id), (uint64_t)spawn, &r->fault))
		if (control_turn(c) == -1)
			return -1;
	if (r->fault != FAULT_NONE)
		r->text = fault_text(r->fault, NULL);
	return 0;
}

/* Whether the daemon has cancelled a pending start of this process since the call. */
static bool
control_was_cancelled(const struct control *c, const char *group, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(c->cancelled, i, one) {
		if (strcmp(reply_member(one, "group"), group) == 0 &&
		    strcmp(reply_member(one, "name"), name) == 0)
			return true;
	}
	return false;
}

static void
control_report_cancelled(struct control *c, const char *group, const char *name)
{
	c->each(c->each_ctx,
	    &(struct bulk_result){ .group = group,
		.name = name,
		.fault = FAULT_NOT_RUNNING,
		.text = fault_name(FAULT_NOT_RUNNING),
		.cancelled = true });
}

int
control_call_wait(struct control *c, const char *method, json_t *params,
    enum wait_kind wait, bulk_result_fn *each, void *ctx, struct reply *r)
{
	const json_t *one;
	size_t i;
	int rc;

	c->wait = wait;
	c->each = each;
	c->each_ctx = ctx;
	rc = control_call(c, method, params, false, r);
	if (rc == 0 && c->bulk != NULL) {
		/* A job has no results for processes that did not run. */
		json_array_foreach(c->cancelled, i, one) {
			control_report_cancelled(
			    c, reply_member(one, "group"), reply_member(one, "name"));
		}
		rc = control_finish_job(c);
	} else if (rc == 0 && r->fault == FAULT_NONE) {
		rc = control_finish_one(c, r);
	} else if (rc == 0 && r->fault == FAULT_NOT_RUNNING) {
		r->cancelled = json_array_size(c->cancelled) > 0;
	}
	c->each = NULL;
	return rc;
}

/* One call of control_call_many. It gets no reply if the connection is lost. */
struct one {
	struct control *control;
	const char *name; /* borrowed */
};

/* Adds the reply to the bulk, in the form of the result of a job. */
static void
control_on_one(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct one *one = ctx;
	struct control *c = one->control;
	char *group, *name;
	json_t *params;

	fd_close(fd);
	namespec_split(one->name, &group, &name);
	if (fault == FAULT_NONE)
		params = json_pack("{ss, ss, sO*, sO*}", "group", group, "name", name, "id",
		    json_object_get(result, "id"), "spawn",
		    json_object_get(result, "spawn"));
	else
		params = json_pack("{ss, ss, si, s{si, ss}}", "group", group, "name", name,
		    "id", 0, "fault", "code", (int)fault, "text", message);
	if (fault == FAULT_NOT_RUNNING && name != NULL &&
	    control_was_cancelled(c, group, name))
		control_report_cancelled(c, group, name);
	else if (c->bulk != NULL && bulk_add(c->bulk, params) == -1)
		control_lose(c, "malformed reply");
	json_decref(params);
	c->pending--;
	free(group);
	free(name);
}

int
control_call_many(struct control *c, const char *method, char *const *names, size_t count,
    enum wait_kind wait, bulk_result_fn *each, void *ctx)
{
	struct one *ones = xcalloc(count, sizeof(*ones));
	size_t begun = 0;
	int rc = 0;

	c->pending = 0;
	c->each = each;
	c->each_ctx = ctx;
	(void)json_array_clear(c->cancelled);
	c->bulk = bulk_new(wait, control_row, c, each, ctx);
	while (rc == 0 && c->lost == NULL && (begun < count || c->pending > 0)) {
		if (begun == count || c->pending == CONTROL_AT_ONCE) {
			rc = control_turn(c);
			continue;
		}
		ones[begun] = (struct one){ c, names[begun] };
		if (peer_call(c->peer, method, json_pack("{ss}", "name", names[begun]),
			false, control_on_one, &ones[begun]) == 0)
			control_lose(c, strerror(errno));
		begun++;
		c->pending++;
	}
	if (c->lost == NULL)
		bulk_ended(c->bulk);
	rc = control_finish_job(c);
	c->each = NULL;
	free(ones);
	return rc;
}

/* Calls a method whose fault is an error too. REACH_OK, or *why is new. */
static enum reach
control_must_call(struct control *c, const char *method, json_t *params, char **why)
{
	const char *version;
	enum reach reached = REACH_OK;
	struct reply r;

	if (control_call(c, method, params, false, &r) == -1) {
		*why = xstrdup(c->lost != NULL ? c->lost : "the connection was lost");
		reached = REACH_FAILED;
	} else if (r.fault != FAULT_NONE) {
		*why = reply_meaning(r.fault, r.text);
		reached = r.fault == FAULT_NOT_PERMITTED ? REACH_DENIED : REACH_FAILED;
	} else if ((version = json_string_value(json_object_get(r.result, "version"))) !=
	    NULL) {
		free(c->version);
		c->version = xstrdup(version);
	}
	reply_clear(&r);
	return reached;
}

static enum reach
control_introduce(struct control *c, char **why)
{
	json_t *hello =
	    json_pack("{s:i, s:s}", "protocol", CONTROL_PROTOCOL, "program", "reevectl");
	enum reach reached;

	source_arm(c->timer, clock_mono_ms() + CONTROL_HELLO_MS);
	reached = control_must_call(c, "hello", hello, why);
	if (reached == REACH_OK)
		reached = control_must_call(c, "subscribe", NULL, why);
	if (reached != REACH_OK)
		return reached;
	while (!c->mirror->ready && control_turn(c) == 0)
		;
	source_arm(c->timer, -1);
	if (c->mirror->ready)
		return REACH_OK;
	*why = xstrdup(c->lost);
	return REACH_FAILED;
}

/* New; fd is taken. NULL with errno. */
static struct control *
control_new(int fd)
{
	struct control *c = xcalloc(1, sizeof(*c));
	int saved;

	c->cancelled = json_array();
	c->mirror = mirror_new();
	c->loop = loop_new();
	c->timer = c->loop != NULL ? loop_timer(c->loop, control_on_timeout, c) : NULL;
	if (c->timer != NULL && c->mirror != NULL)
		c->peer = peer_new(c->loop, fd, &control_ops, c);
	if (c->peer == NULL) {
		saved = errno;
		control_free(c);
		fd_close(fd);
		return fail_null(saved);
	}
	peer_options(c->peer)->autoflush = true;
	peer_options(c->peer)->request_limits = &frame_limits_request;
	c->mirrored = (struct mirror_observer){ .row = control_row_changed, .ctx = c };
	mirror_observe(c->mirror, &c->mirrored);
	return c;
}

enum reach
control_open(const char *path, struct control **control, char **why)
{
	enum reach reached;
	int fd;

	*control = NULL;
	reached = connect_unix(path, &fd, why);
	if (reached != REACH_OK)
		return reached;
	if (!connect_is_trusted(fd, 0, why)) {
		close(fd);
		return REACH_FAILED;
	}
	*control = control_new(fd);
	if (*control == NULL) {
		*why = xstrdup(strerror(errno));
		return REACH_FAILED;
	}
	reached = control_introduce(*control, why);
	if (reached != REACH_OK) {
		control_free(*control);
		*control = NULL;
	}
	return reached;
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	bulk_free(c->bulk);
	peer_free(c->peer);
	mirror_free(c->mirror);
	json_decref(c->cancelled);
	if (c->loop != NULL)
		loop_free(c->loop);
	free(c->lost);
	free(c->version);
	free(c);
}

const char *
control_version(const struct control *c)
{
	return c->version != NULL ? c->version : "unknown";
}

const struct mirror *
control_mirror(const struct control *c)
{
	return c->mirror;
}

const char *
control_lost(const struct control *c)
{
	return c->lost;
}

void
control_observe(struct control *c, mirror_change_fn *fn, void *ctx)
{
	c->observer = fn;
	c->observer_ctx = ctx;
}

void
control_tick(struct control *c, void (*fn)(void *ctx), void *ctx)
{
	c->tick = fn;
	c->tick_ctx = ctx;
	c->tick_ms = clock_mono_ms() + CONTROL_TICK_MS;
}

int
control_fd(const struct control *c)
{
	return c->peer != NULL ? peer_fd(c->peer) : -1;
}
