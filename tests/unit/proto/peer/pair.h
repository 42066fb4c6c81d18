/* Pair: two peers, or one and a plain socket, in one loop; their callbacks are recorded as
 * text. For test_peer*.c. */
#ifndef TESTS_UNIT_PROTO_PAIR_H
#define TESTS_UNIT_PROTO_PAIR_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/compiler.h"
#include "common/loop.h"
#include "common/sock.h"
#include "proto/frame.h"
#include "proto/peer/peer.h"

#define SIDE_FDS 64
#define TURNS 20000

struct side {
	struct peer *peer;
	struct buf heard; /* one line for each callback */
	size_t requests, notifications, answers;
	int fds[SIDE_FDS];
	size_t nfds;
	unsigned closed;
	bool violation;
	char why[200];
	bool in_call; /* the test is calling a peer_ function */
	/* When set, called instead of recording. */
	void (*on_request)(struct side *, uint64_t id, const char *method, json_t *params);
	void (*on_notification)(struct side *, const char *method, json_t *params, int fd);
	void (*on_answer)(struct side *, enum fault, json_t *result);
};

struct pair {
	struct loop *loop;
	struct side a, b;
	int raw; /* b's end when there is no peer b, else -1 */
};

UNUSED static void
side_hear(struct side *s, const char *what, const char *name, const json_t *value)
{
	char *text =
	    value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	assert_int_equal(
	    buf_printf(&s->heard, "%s %s %s\n", what, name, text != NULL ? text : "-"), 0);
	free(text);
}

UNUSED static void
side_keep(struct side *s, int fd)
{
	if (fd == -1)
		return;
	assert_true(s->nfds < SIDE_FDS);
	s->fds[s->nfds++] = fd;
}

UNUSED static void
side_request(void *ctx, struct peer *p, uint64_t id, const char *method, json_t *params)
{
	struct side *s = ctx;

	assert_ptr_equal(p, s->peer);
	assert_true(json_is_object(params));
	s->requests++;
	if (s->on_request != NULL)
		s->on_request(s, id, method, params);
	else
		side_hear(s, "request", method, params);
}

UNUSED static void
side_notification(void *ctx, struct peer *p, const char *method, json_t *params, int fd)
{
	struct side *s = ctx;

	assert_ptr_equal(p, s->peer);
	assert_true(json_is_object(params));
	s->notifications++;
	if (s->on_notification != NULL) {
		s->on_notification(s, method, params, fd);
		return;
	}
	side_hear(s, "notification", method, params);
	side_keep(s, fd);
}

UNUSED static void
side_closed(void *ctx, struct peer *p, const char *why, bool violation)
{
	struct side *s = ctx;

	assert_ptr_equal(p, s->peer);
	assert_false(s->in_call);
	s->closed++;
	s->violation = violation;
	(void)snprintf(s->why, sizeof(s->why), "%s", why);
	peer_free(p);
	s->peer = NULL;
}

UNUSED static void
side_answer(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct side *s = ctx;

	s->answers++;
	if (s->on_answer != NULL) {
		s->on_answer(s, fault, result);
		return;
	}
	assert_int_equal(message == NULL, fault == FAULT_NONE);
	side_hear(s, fault_name(fault), message != NULL ? message : "ok", result);
	side_keep(s, fd);
}

static const struct peer_ops side_ops = {
	.request = side_request,
	.notification = side_notification,
	.closed = side_closed,
};

UNUSED static void
side_open(struct side *s, struct loop *loop, int fd)
{
	s->peer = peer_new(loop, fd, &side_ops, s);
	assert_non_null(s->peer);
	assert_int_equal(peer_fd(s->peer), fd);
	peer_options(s->peer)->autoflush = true;
}

UNUSED static void
pair_open(struct pair *t, bool raw)
{
	int fds[2];

	*t = (struct pair){ .raw = -1 };
	t->loop = loop_new();
	assert_non_null(t->loop);
	assert_int_equal(sock_pair(fds), 0);
	side_open(&t->a, t->loop, fds[0]);
	if (raw)
		t->raw = fds[1];
	else
		side_open(&t->b, t->loop, fds[1]);
}

UNUSED static void
side_close(struct side *s)
{
	peer_free(s->peer);
	buf_clear(&s->heard);
	for (size_t i = 0; i < s->nfds; i++)
		(void)close(s->fds[i]);
}

UNUSED static void
pair_close(struct pair *t)
{
	side_close(&t->a);
	side_close(&t->b);
	if (t->raw != -1)
		(void)close(t->raw);
	loop_free(t->loop);
}

/* Runs turns of the loop until the condition holds. */
#define UNTIL(t, condition)                                               \
	do {                                                              \
		for (int turn_ = 0; !(condition) && turn_ < TURNS; turn_++) \
			assert_int_equal(loop_turn((t)->loop, 0), 0);     \
		assert_true(condition);                                   \
	} while (0)

/* Runs enough turns for everything that needs no more input. */
UNUSED static void
pair_settle(struct pair *t)
{
	for (int i = 0; i < 20; i++)
		assert_int_equal(loop_turn(t->loop, 0), 0);
}

UNUSED static void
expect_heard(struct side *s, const char *want)
{
	size_t len = strlen(want);

	if (buf_len(&s->heard) != len ||
	    (len > 0 && memcmp(buf_data(&s->heard), want, len) != 0))
		fail_msg("heard:\n%.*sinstead of:\n%s", (int)buf_len(&s->heard),
		    buf_len(&s->heard) > 0 ? buf_data(&s->heard) : "", want);
	buf_clear(&s->heard);
}

UNUSED static void
expect_closed(struct pair *t, struct side *s, bool violation, const char *why)
{
	UNTIL(t, s->closed > 0);
	pair_settle(t);
	assert_int_equal(s->closed, 1);
	if (strcmp(s->why, why) != 0)
		fail_msg("closed for '%s', not '%s'", s->why, why);
	assert_int_equal(s->violation, violation);
}

/* Writes everything to the plain socket; runs the loop while the socket is full. */
UNUSED static void
raw_write(struct pair *t, const char *bytes, size_t len, int fd)
{
	while (len > 0) {
		ssize_t n = sock_send(t->raw, bytes, len, fd);

		if (n == -1 && (errno == EPIPE || errno == ECONNRESET))
			return; /* closed after a violation */
		if (n == -1)
			assert_int_equal(errno, EAGAIN);
		assert_int_equal(loop_turn(t->loop, 0), 0);
		if (n <= 0)
			continue;
		fd = -1;
		bytes += n;
		len -= (size_t)n;
	}
}

UNUSED static void
raw_puts(struct pair *t, const char *text)
{
	raw_write(t, text, strlen(text), -1);
}

/* Appends what the plain socket holds now; false at its end. */
UNUSED static bool
raw_read(struct pair *t, struct buf *b)
{
	char chunk[65536];
	ssize_t n;

	while ((n = recv(t->raw, chunk, sizeof(chunk), 0)) > 0)
		assert_int_equal(buf_append(b, chunk, (size_t)n), 0);
	return n == -1 && errno == EAGAIN;
}

/* The next frame that peer a sends, new. */
UNUSED static json_t *
raw_frame(struct pair *t, struct buf *b)
{
	const char *why = NULL;
	json_t *frame = NULL;

	for (int turn = 0; turn < TURNS; turn++) {
		(void)raw_read(t, b);
		if (frame_next(b, &frame_limits, &frame, &why) == FRAME_OK)
			return frame;
		assert_int_equal(loop_turn(t->loop, 0), 0);
	}
	fail_msg("%s", "no frame came");
	return NULL;
}

/* A new pipe: returns the write end, to be passed on; the read end shows when it is
 * closed. */
UNUSED static int
pipe_watch(int *reader)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	*reader = fds[0];
	return fds[1];
}

UNUSED static bool
pipe_is_closed(int reader)
{
	char c;

	return read(reader, &c, 1) == 0;
}

#endif
