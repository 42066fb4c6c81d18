/* Http_world: the surroundings of http for tests: fake calls (rpcd/methods/call.h), a
 * listener in a loop, and clients. The body of a request selects the behaviour of the fake
 * call: "park", "stream", "broken", "large", "end", "status NNN"; others are answered at
 * once. Logs are fake, too (rpcd/tail/tail.h): "short" ends after three pieces, "empty"
 * after none, reading "torn" fails after one, "missing" does not exist. */
#ifndef TESTS_HTTP_WORLD_H
#define TESTS_HTTP_WORLD_H

#include "tests/unit/common/no_log.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/loop.h"
#include "common/sock.h"
#include "rpcd/events/event_stream.h"
#include "rpcd/http/request.h"
#include "rpcd/http/server.h"
#include "rpcd/methods/call.h"
#include "rpcd/tail/tail.h"
#include "rpcd/users.h"
#include "tests/unit/common/sock_listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 10000
#define STREAM_PARTS 10
#define LARGE (16 * 1024 * 1024)

/* ---- the fake calls ---- */

struct call {
	call_done_fn *done;
	void *ctx;
	bool abandoned;
};

struct calls {
	struct call parked[2 * HTTP_PARKED_MAX];
	size_t count;   /* calls begun and parked */
	size_t refused; /* calls that were not allowed to park */
	size_t abandoned;
	size_t streams;  /* streams freed */
	size_t notified; /* calls of calls_answered */
	struct budget budget;
};

static void
fake_reply(call_done_fn *done, void *ctx, const char *text, bool ends_daemon)
{
	struct reply reply = {
		.status = 200, .type = "text/xml", .ends_daemon = ends_daemon
	};

	buf_init(&reply.body, 0);
	assert_int_equal(buf_puts(&reply.body, text), 0);
	done(ctx, &reply);
}

static void
fake_answer(call_done_fn *done, void *ctx, const char *text)
{
	fake_reply(done, ctx, text, false);
}

/* More bytes than a socket buffers. */
static void
fake_large(struct calls *calls, call_done_fn *done, void *ctx)
{
	struct reply reply = { .status = 200, .type = "text/xml" };
	struct buf text;
	char *zeros;

	buf_init(&text, 0);
	zeros = buf_reserve(&text, LARGE);
	assert_non_null(zeros);
	memset(zeros, '0', LARGE);
	buf_commit(&text, LARGE);
	reply.shared = shared_buffer_new(&text, &calls->budget);
	done(ctx, &reply);
}

struct fake_stream {
	struct reply_stream reply;
	struct calls *calls;
	int part;
};

static ssize_t
fake_read(struct reply_stream *reply, char *out, size_t max)
{
	struct fake_stream *s = container_of(reply, struct fake_stream, reply);

	assert_true(max > 16);
	if (s->part == STREAM_PARTS)
		return 0;
	return snprintf(out, max, "part %d", s->part++);
}

static ssize_t
fake_read_error(struct reply_stream *reply, char *out, size_t max)
{
	struct fake_stream *s = container_of(reply, struct fake_stream, reply);

	return s->part == 1 ? -1 : fake_read(reply, out, max);
}

static void
fake_stream_free(void *reply)
{
	struct fake_stream *s = container_of(reply, struct fake_stream, reply);

	s->calls->streams++;
	free(s);
}

static void
fake_stream(struct calls *calls, call_done_fn *done, void *ctx, bool is_broken)
{
	struct fake_stream *s = calloc(1, sizeof(*s));
	struct reply reply = { .status = 200, .type = "text/xml" };

	assert_non_null(s);
	s->calls = calls;
	buf_init(&reply.body, 0);
	s->reply.read = is_broken ? fake_read_error : fake_read;
	s->reply.free = fake_stream_free;
	reply.stream = &s->reply;
	done(ctx, &reply);
}

static struct call *
fake_park(struct calls *calls, bool may_park, call_done_fn *done, void *ctx)
{
	struct call *call = &calls->parked[calls->count];

	if (!may_park) {
		calls->refused++;
		fake_answer(done, ctx, "<refused/>");
		return NULL;
	}
	calls->count++;
	call->done = done;
	call->ctx = ctx;
	return call;
}

struct call *
call_begin(struct calls *calls, struct share *share UNUSED, const struct caller *caller,
    struct buf *content, bool may_park, call_done_fn *done, void *ctx)
{
	size_t len = buf_len(content);
	const char *body = buf_data(content);
	char text[64];

	if (len == 4 && memcmp(body, "park", 4) == 0)
		return fake_park(calls, may_park, done, ctx);
	if (len == 3 && memcmp(body, "end", 3) == 0) {
		fake_reply(done, ctx, "<end/>", true);
	} else if (len == 6 && memcmp(body, "stream", 6) == 0) {
		fake_stream(calls, done, ctx, false);
	} else if (len == 5 && memcmp(body, "large", 5) == 0) {
		fake_large(calls, done, ctx);
	} else if (len == 6 && memcmp(body, "broken", 6) == 0) {
		fake_stream(calls, done, ctx, true);
	} else if (len == 10 && memcmp(body, "status ", 7) == 0) {
		struct reply reply = {
		    .status = 100 * (body[7] - '0') + 10 * (body[8] - '0') + body[9] - '0'};

		done(ctx, &reply);
	} else if (len > 64) {
		snprintf(text, sizeof(text), "<length>%zu</length>", len);
		fake_answer(done, ctx, text);
	} else {
		snprintf(text, sizeof(text), "<role>%s</role>\n",
		    role_name(caller_role(caller)));
		fake_answer(done, ctx, text);
	}
	return NULL;
}

struct call *
call_begin_list(struct calls *calls UNUSED, struct share *share UNUSED,
    const struct caller *caller UNUSED, json_t *list UNUSED, bool may_park UNUSED,
    call_done_fn *done UNUSED, void *ctx UNUSED)
{
	fail_msg("no test of pages uses these calls");
	return NULL;
}

struct call *
call_begin_json(struct calls *calls, struct share *share, const struct caller *caller,
    struct buf *content, bool may_park, call_done_fn *done, void *ctx)
{
	return call_begin(calls, share, caller, content, may_park, done, ctx);
}

void
call_revoke(struct call *call)
{
	fake_answer(call->done, call->ctx, "<revoked/>");
	call->done = NULL;
}

void
call_abandon(struct call *call)
{
	assert_false(call->abandoned);
	call->abandoned = true;
}

/* ---- the fake logs ---- */

struct tail {
	const struct tail_ops *ops;
	void *ctx;
	struct tails *all;
	char name[16];
	int piece;
	bool open, fresh, waiting;
};

struct tails {
	struct tail *latest; /* or NULL */
	size_t count;        /* not freed yet */
};

struct tail *
tail_begin(struct tails *all, const struct tail_target *target,
    const struct caller *caller UNUSED, const struct tail_ops *fns, void *ctx)
{
	struct tail *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	*f = (struct tail){ .ops = fns, .ctx = ctx, .all = all };
	snprintf(
	    f->name, sizeof(f->name), "%s", target->name != NULL ? target->name : "main");
	all->latest = f;
	all->count++;
	return f;
}

void
tail_free(void *tail)
{
	struct tail *f = tail;

	if (f == NULL)
		return;
	if (f->all->latest == f)
		f->all->latest = NULL;
	f->all->count--;
	free(f);
}

/* Returns one piece after each wait. */
ssize_t
tail_read(struct tail *f, char *out, size_t max)
{
	int last = strcmp(f->name, "empty") == 0 ? 0 : 3;

	assert_false(f->waiting);
	if (strcmp(f->name, "torn") == 0 && f->piece == 1)
		return TAIL_BROKEN;
	if (f->fresh && f->piece < last) {
		f->fresh = false;
		return snprintf(out, max, "piece %d\n", f->piece++);
	}
	if (f->fresh && f->piece == last)
		return TAIL_END;
	f->waiting = true;
	return 0;
}

/* ---- the fake streams of events ---- */

struct event_stream {
	bool told;
};

struct event_stream *
event_stream_new(
    struct events *events UNUSED, const struct event_stream_request *request UNUSED)
{
	struct event_stream *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	return s;
}

void
event_stream_free(void *stream)
{
	free(stream);
}

ssize_t
event_stream_read(void *stream, char *out, size_t max)
{
	struct event_stream *s = stream;

	if (s->told)
		return 0;
	s->told = true;
	return snprintf(out, max, "event: hello\ndata: {}\n\n");
}

/* Opens the log of the latest tail, or lets it grow. */
static void
fake_tail_go_on(struct tails *all)
{
	struct tail *f = all->latest;

	if (f == NULL)
		return;
	if (!f->open) {
		f->open = true;
		f->ops->opened(f->ctx, strcmp(f->name, "missing") == 0 ? 404 : 200, 0);
	} else if (f->waiting) {
		f->waiting = false;
		f->fresh = true;
		f->ops->ready(f->ctx);
	}
}

void
calls_answered(struct calls *calls)
{
	calls->notified++;
}

/* ---- the world ---- */

struct world {
	struct rpcd rpcd;
	struct calls calls;
	struct tails tails;
	struct http_server *listener;
	char dir[32];
	char path[64]; /* of the Unix socket, or "" */
	int port;
};

static int
world_listen(struct world *w, bool is_unix)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	int fd;

	if (is_unix) {
		snprintf(w->path, sizeof(w->path), "%s/sock", w->dir);
		return sock_listen_unix(w->path, 0700, (uid_t)-1, (gid_t)-1, 16);
	}
	fd = sock_listen_tcp("127.0.0.1", 0, 1024);
	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	w->port = ntohs(in.sin_port);
	return fd;
}

static struct world *
world_new(bool is_unix, const char *username, const char *password)
{
	struct world *w = calloc(1, sizeof(*w));
	struct setup_listener listener = {
	    .is_unix = is_unix,
	    .access = {.local = ROLE_ADMIN, .remote = ROLE_STATES},
	    .section = strdup("inet_http_server"),
	};
	struct credentials *own;

	assert_non_null(w);
	if (username != NULL) {
		listener.access.own = own = credentials_new();
		assert_non_null(own);
		listener.access.username = strdup(username);
		assert_int_equal(credentials_add(own, username, password, own), 0);
	}
	log_init(no_log, NULL, LEVEL_CRITICAL);
	strcpy(w->dir, "/tmp/test_http.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->rpcd.loop = loop_new();
	w->rpcd.users = users_new();
	assert_non_null(w->rpcd.users);
	w->rpcd.calls = &w->calls;
	w->rpcd.tails = &w->tails;
	w->rpcd.max_role = ROLE_ADMIN;
	listener.fd = world_listen(w, is_unix);
	assert_true(listener.fd >= 0);
	w->listener = http_server_new(&w->rpcd, &listener);
	assert_non_null(w->listener);
	assert_int_equal(http_server_start(w->listener), 0);
	return w;
}

static void
world_free(struct world *w)
{
	http_server_free(w->listener);
	assert_int_equal(w->tails.count, 0);
	users_free(w->rpcd.users);
	loop_free(w->rpcd.loop);
	if (*w->path != '\0')
		unlink(w->path);
	assert_int_equal(rmdir(w->dir), 0);
	free(w);
}

static int
client_open(struct world *w)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)w->port)};
	int fd;

	if (*w->path != '\0')
		return sock_connect_unix(w->path);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

/* Sends everything; runs the loop while the socket is full. */
static void
client_send(struct world *w, int fd, const char *bytes, size_t len)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	ssize_t n;

	while (len > 0) {
		n = send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN)
			return;
		assert_true(clock_mono_ms() < end);
		loop_turn(w->rpcd.loop, 5);
	}
}

static void
client_text(struct world *w, int fd, const char *text)
{
	client_send(w, fd, text, strlen(text));
}

/* Reads what has arrived; true while the connection is open. */
static bool
client_read(int fd, struct buf *in)
{
	char bytes[4096];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		assert_int_equal(buf_append(in, bytes, (size_t)n), 0);
	return n < 0 && errno == EAGAIN;
}

/* Answers every parked fake call and continues the latest log. */
static void
world_answer_parked(struct world *w)
{
	for (size_t i = 0; i < w->calls.count; i++) {
		struct call *call = &w->calls.parked[i];

		if (call->done != NULL && !call->abandoned)
			fake_answer(call->done, call->ctx, "<late/>");
		call->done = NULL;
	}
	fake_tail_go_on(&w->tails);
}

static const char *
client_text_of(struct buf *in)
{
	char *end = buf_reserve(in, 1);

	assert_non_null(end);
	*end = '\0';
	return buf_data(in);
}

/* Runs the loop until the text has arrived or the connection has ended. */
static bool
client_until(struct world *w, int fd, struct buf *in, const char *text)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	bool lives = true;

	while (lives && (text == NULL || strstr(client_text_of(in), text) == NULL)) {
		assert_true(clock_mono_ms() < end);
		loop_turn(w->rpcd.loop, 5);
		world_answer_parked(w);
		lives = client_read(fd, in);
	}
	return text != NULL && strstr(client_text_of(in), text) != NULL;
}

/* Runs the loop until the listener has no open request. */
static void
world_settle(struct world *w)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	do {
		loop_turn(w->rpcd.loop, 5);
		assert_true(clock_mono_ms() < end);
	} while (w->rpcd.busy > 0);
}

#endif
