#include "ctl/daemon/control.h"

#include "common/clock.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/sock.h"
#include "ctl/daemon/trust.h"
#include "proto/peer/peer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENT_PROTOCOL 1
#define CLIENT_PUMP_TURNS 1000
#define CLIENT_HELLO_MS 10000	/* from connecting to a whole mirror */
#define CLIENT_TICK_MS 1000
#define CLIENT_AT_ONCE 64	/* calls that wait for their answers */

struct client {
	struct loop *loop;
	struct peer *peer;
	struct mirror *mirror;
	struct source *timer;
	char *lost;
	/* The call under way. */
	struct answer *answer;	/* borrowed; NULL once answered */
	enum wait_kind wait;
	bulk_result_fn *each;	/* NULL for a call that makes no job */
	void *each_ctx;
	struct bulk *bulk;
	json_int_t job;
	json_t *collected;	/* borrowed: see client_collect; or NULL */
	json_t *cancelled;	/* process.cancelled's parameters since the call */
	size_t asked;		/* calls of client_operate_many without an answer */
	void (*tick)(void *);	/* or NULL */
	void *tick_ctx;
	int64_t tick_ms;	/* when it is called next */
	mirror_change_fn *observer;	/* or NULL */
	void *observer_ctx;
};

static void
lose(struct client *c, const char *why)
{
	if (c->lost == NULL)
		c->lost = xstrdup(*why != '\0' ? why : "the daemon closed the connection");
}

static const struct process_info *
row_of(void *ctx, uint64_t id)
{
	struct client *c = ctx;

	return mirror_by_id(c->mirror, id);
}

static void
row_changed(void *ctx, uint64_t id, const struct process_info *info)
{
	struct client *c = ctx;

	if (c->bulk != NULL)
		bulk_changed(c->bulk, id, info);
	if (c->observer != NULL)
		c->observer(c->observer_ctx, id, info);
}

static void
on_request(void *ctx, struct peer *peer, uint64_t id, const char *method, json_t *params)
{
	(void)peer;
	(void)id;
	(void)method;
	(void)params;
	lose(ctx, "the server sent a request");
}

/* Job results can only come after the answer that names the job. */
static void
on_job(struct client *c, const char *method, json_t *params)
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
		lose(c, "malformed job.result");
}

static void
on_notification(void *ctx, struct peer *peer, const char *method, json_t *params, int fd)
{
	struct client *c = ctx;
	int applied;

	(void)peer;
	if (fd != -1)
		close(fd);
	applied = mirror_apply(c->mirror, method, params);
	if (applied == -1)
		lose(c, "malformed state stream");
	else if (applied == 0)
		on_job(c, method, params);
}

static void
on_closed(void *ctx, struct peer *peer, const char *why, bool violation)
{
	struct client *c = ctx;

	(void)violation;
	lose(c, why);
	peer_free(peer);
	c->peer = NULL;
}

static void
on_timeout(void *ctx, uint32_t ready)
{
	(void)ready;
	lose(ctx, "no answer from the daemon");
}

static const struct peer_ops client_ops = {
	.request = on_request,
	.notification = on_notification,
	.closed = on_closed,
};

static void
on_answer(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct client *c = ctx;
	json_t *job = json_object_get(result, "job");

	c->answer->fd = fd;
	c->answer->fault = fault;
	if (fault != FAULT_NONE)
		c->answer->text = xstrdup(message);
	else
		c->answer->result = json_incref(result);
	if (fault == FAULT_NONE && c->each != NULL && json_is_integer(job)) {
		c->job = json_integer_value(job);
		c->bulk = bulk_new(c->wait, row_of, c, c->each, c->each_ctx);
		if (c->bulk == NULL)
			lose(c, strerror(ENOMEM));
	}
	c->answer = NULL;
}

static void
turn(struct client *c)
{
	int64_t left = c->tick_ms - clock_mono_ms();
	int timeout = c->tick == NULL ? -1 : left > 0 ? (int)left : 0;

	if (loop_turn(c->loop, timeout) == -1 && errno != EINTR)
		lose(c, strerror(errno));
	if (c->tick != NULL && clock_mono_ms() >= c->tick_ms) {
		c->tick_ms = clock_mono_ms() + CLIENT_TICK_MS;
		c->tick(c->tick_ctx);
	}
}

static int
call(struct client *c, const char *method, json_t *params, bool want_fd,
    struct answer *answer)
{
	*answer = (struct answer)ANSWER_NONE;
	if (c->lost != NULL || c->peer == NULL) {
		json_decref(params);
		return -1;
	}
	c->answer = answer;
	(void)json_array_clear(c->cancelled);
	if (peer_call(c->peer, method, params, want_fd, on_answer, c) == 0)
		lose(c, strerror(errno));
	while (c->answer != NULL && c->lost == NULL)
		turn(c);
	/* A daemon that answers and goes has answered. */
	if (c->answer == NULL)
		return 0;
	c->answer = NULL;
	return -1;
}

int
client_call(struct client *c, const char *method, json_t *params, struct answer *answer)
{
	return call(c, method, params, false, answer);
}

int
client_call_fd(struct client *c, const char *method, json_t *params,
    struct answer *answer)
{
	return call(c, method, params, true, answer);
}

int
client_turn(struct client *c)
{
	turn(c);
	return c->lost == NULL ? 0 : -1;
}

void
client_collect(struct client *c, json_t *notifications)
{
	c->collected = notifications;
}

/* A turn takes a bounded part of what is there, and so does this. */
int
client_pump(struct client *c, int timeout_ms)
{
	for (int turns = 0; turns < CLIENT_PUMP_TURNS && c->lost == NULL; turns++) {
		struct pollfd p = { .fd = client_fd(c), .events = POLLIN };

		if (turns > 0 && poll(&p, 1, 0) != 1)
			break;
		if (loop_turn(c->loop, turns == 0 ? timeout_ms : 0) == -1 && errno != EINTR)
			lose(c, strerror(errno));
	}
	return c->lost == NULL ? 0 : -1;
}

/* Runs until the job's results are all known; 0 or -1. */
static int
finish_job(struct client *c)
{
	bool done = bulk_done(c->bulk);

	while (!done && c->lost == NULL) {
		turn(c);
		done = bulk_done(c->bulk);
	}
	bulk_free(c->bulk);
	c->bulk = NULL;
	return done ? 0 : -1;
}

static uint64_t
member(const json_t *object, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(object, name));
}

/* Runs until the rows say how the start or stop of one process came out; 0 or -1. */
static int
finish_one(struct client *c, struct answer *answer)
{
	uint64_t id = member(answer->result, "id");
	uint64_t spawn = member(answer->result, "spawn");
	enum fault fault;

	while (!wait_judge(c->wait, mirror_by_id(c->mirror, id), spawn, &fault)) {
		if (c->lost != NULL)
			return -1;
		turn(c);
	}
	answer->fault = fault;
	if (fault != FAULT_NONE)
		answer->text = fault_text(fault, NULL);
	return 0;
}

/* Bulk results have none of the processes that did not run. */
static void
report_cancelled(struct client *c)
{
	const json_t *one;
	size_t i;

	json_array_foreach(c->cancelled, i, one) {
		const char *group = json_string_value(json_object_get(one, "group"));
		const char *name = json_string_value(json_object_get(one, "name"));

		if (group != NULL && name != NULL)
			c->each(c->each_ctx, &(struct bulk_result){ .group = group,
			    .name = name, .fault = FAULT_NOT_RUNNING, .cancelled = true,
			    .text = fault_name(FAULT_NOT_RUNNING) });
	}
}

int
client_operate(struct client *c, const char *method, json_t *params, enum wait_kind wait,
    bulk_result_fn *each, void *ctx, struct answer *answer)
{
	int failed;

	c->wait = wait;
	c->each = each;
	c->each_ctx = ctx;
	failed = client_call(c, method, params, answer);
	if (failed == 0 && c->bulk != NULL) {
		report_cancelled(c);
		failed = finish_job(c);
	} else if (failed == 0 && answer->fault == FAULT_NONE)
		failed = finish_one(c, answer);
	else if (failed == 0 && answer->fault == FAULT_NOT_RUNNING)
		answer->cancelled = json_array_size(c->cancelled) > 0;
	c->each = NULL;
	return failed;
}

/* One of several calls. No answer comes once the connection is lost. */
struct one {
	struct client *client;
	const char *name;	/* borrowed */
};

/* Whether the daemon has notified us of this process. */
static bool
was_cancelled(const struct client *c, const char *group, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(c->cancelled, i, one) {
		const char *its_group = json_string_value(json_object_get(one, "group"));
		const char *its_name = json_string_value(json_object_get(one, "name"));

		if (its_group != NULL && its_name != NULL && name != NULL &&
		    strcmp(its_group, group) == 0 && strcmp(its_name, name) == 0)
			return true;
	}
	return false;
}

/* An answer is to the bulk what the result of a job would be. */
static void
on_one(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct one *one = ctx;
	struct client *c = one->client;
	json_t *id = json_object_get(result, "id");
	json_t *spawn = json_object_get(result, "spawn");
	char *group, *name;
	json_t *told;

	if (fd != -1)
		close(fd);
	namespec_split(one->name, &group, &name);
	if (fault == FAULT_NONE)
		told = json_pack("{ss, ss, sO*, sO*}", "group", group, "name", name,
		    "id", id, "spawn", spawn);
	else
		told = json_pack("{ss, ss, si, s{si, ss}}", "group", group, "name", name,
		    "id", 0, "fault", "code", (int)fault, "text", message);
	if (fault == FAULT_NOT_RUNNING && was_cancelled(c, group, name))
		c->each(c->each_ctx, &(struct bulk_result){ .group = group, .name = name,
		    .fault = fault, .text = message, .cancelled = true });
	else if (c->bulk != NULL && bulk_add(c->bulk, told) == -1)
		lose(c, "malformed answer");
	json_decref(told);
	c->asked--;
	free(group);
	free(name);
}

int
client_operate_many(struct client *c, const char *method, char *const *names, size_t count,
    enum wait_kind wait, bulk_result_fn *each, void *ctx)
{
	struct one *ones = xcalloc(count, sizeof(*ones)), *one = ones;
	int failed;

	c->asked = 0;
	c->each = each;
	c->each_ctx = ctx;
	(void)json_array_clear(c->cancelled);
	c->bulk = bulk_new(wait, row_of, c, each, ctx);
	while (c->lost == NULL && (one < ones + count || c->asked > 0)) {
		if (one == ones + count || c->asked == CLIENT_AT_ONCE) {
			turn(c);
			continue;
		}
		*one = (struct one){ .client = c, .name = names[one - ones] };
		if (peer_call(c->peer, method, json_pack("{ss}", "name", one->name), false,
		    on_one, one) == 0)
			lose(c, strerror(errno));
		one++;
		c->asked++;
	}
	if (c->lost == NULL)
		bulk_ended(c->bulk);
	failed = finish_job(c);
	c->each = NULL;
	free(ones);
	return failed;
}

/* 0, or -1 with *why new. */
static int
must_call(struct client *c, const char *method, json_t *params, char **why)
{
	struct answer answer;
	int failed = client_call(c, method, params, &answer);

	if (failed == -1)
		*why = xstrdup(c->lost != NULL ? c->lost : "the connection is gone");
	else if (answer.fault != FAULT_NONE)
		*why = answer_meaning(answer.fault, answer.text);
	if (failed == 0 && answer.fault != FAULT_NONE)
		failed = -1;
	answer_clear(&answer);
	return failed;
}

static int
introduce(struct client *c, char **why)
{
	json_t *hello = json_pack("{s:i, s:s}", "protocol", CLIENT_PROTOCOL, "program",
	    "reevectl");

	source_arm(c->timer, clock_mono_ms() + CLIENT_HELLO_MS);
	if (must_call(c, "hello", hello, why) == -1 ||
	    must_call(c, "subscribe", NULL, why) == -1)
		return -1;
	while (!mirror_ready(c->mirror) && c->lost == NULL)
		turn(c);
	source_arm(c->timer, -1);
	if (mirror_ready(c->mirror))
		return 0;
	*why = xstrdup(c->lost);
	return -1;
}

/* New, with its peer on fd; takes fd. NULL with errno. */
static struct client *
client_new(int fd)
{
	struct client *c = xcalloc(1, sizeof(*c));
	int saved;

	c->loop = loop_new();
	c->mirror = mirror_new();
	c->cancelled = json_array();
	if (c->loop != NULL && c->mirror != NULL) {
		c->timer = loop_timer(c->loop, on_timeout, c);
		if (c->timer != NULL)
			c->peer = peer_new(c->loop, fd, &client_ops, c);
	}
	if (c->peer == NULL) {
		saved = errno;
		close(fd);
		client_free(c);
		errno = saved;
		return NULL;
	}
	peer_autoflush(c->peer, true);
	peer_ask_master(c->peer);
	mirror_observe(c->mirror, row_changed, c);
	return c;
}

enum reach
client_open(const char *path, struct client **client, char **why)
{
	struct client *c;
	int fd = sock_connect_unix(path), error = errno;

	if (fd == -1) {
		*why = xstrdup(strerror(error));
		return error == ENOENT ? REACH_NO_FILE :
		    error == ECONNREFUSED ? REACH_REFUSED : REACH_FAILED;
	}
	if (!trust_peer(fd, 0, why)) {
		close(fd);
		return REACH_FAILED;
	}
	c = client_new(fd);
	if (c == NULL) {
		*why = xstrdup(strerror(errno));
		return REACH_FAILED;
	}
	if (introduce(c, why) == -1) {
		client_free(c);
		return REACH_FAILED;
	}
	*client = c;
	return REACH_OK;
}

void
client_free(struct client *c)
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
	free(c);
}

const struct mirror *
client_mirror(const struct client *c)
{
	return c->mirror;
}

const char *
client_lost(const struct client *c)
{
	return c->lost;
}

void
client_observe(struct client *c, mirror_change_fn *fn, void *ctx)
{
	c->observer = fn;
	c->observer_ctx = ctx;
}

void
client_tick(struct client *c, void (*fn)(void *ctx), void *ctx)
{
	c->tick = fn;
	c->tick_ctx = ctx;
	c->tick_ms = clock_mono_ms() + CLIENT_TICK_MS;
}

int
client_fd(const struct client *c)
{
	return c->peer != NULL ? peer_fd(c->peer) : -1;
}
