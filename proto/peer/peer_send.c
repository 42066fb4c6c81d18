#include "common/clock.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/sock.h"
#include "common/str.h"
#include "proto/frame.h"
#include "proto/peer/peer_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void
peer_frame_free(struct peer_frame *frame)
{
	fd_close(frame->fd);
	buf_clear(&frame->bytes);
	free(frame);
}

struct peer_frame *
peer_frame_new(const char *head, json_t *value, int fd, uint64_t stamp, bool secret)
{
	struct peer_frame *frame = calloc(1, sizeof(*frame));

	if (frame == NULL || value == NULL) {
		free(frame);
		json_decref(value);
		return fail_null(ENOMEM);
	}
	frame->fd = -1;
	frame->stamp = stamp;
	buf_init(&frame->bytes, FRAME_MAX);
	frame->bytes.secret = secret;
	if (frame_write(&frame->bytes, head, value) == 0) {
		json_decref(value);
		frame->fd = fd;
		return frame;
	}
	peer_frame_free(frame);
	json_decref(value);
	return NULL;
}

void
peer_frames_clear(struct peer_frames *frames)
{
	struct peer_frame *frame;

	while ((frame = TAILQ_FIRST(frames)) != NULL) {
		TAILQ_REMOVE(frames, frame, link);
		peer_frame_free(frame);
	}
}

void
peer_send_clear(struct peer *p)
{
	peer_frames_clear(&p->queue);
	p->queued = p->queued_fds = 0;
	buf_clear(&p->batch);
	fd_close(p->batch_fd);
	p->batch_fd = -1;
}

/* Appends a small frame to the last one in the queue, if possible, and frees it: alone it
 * would take many times its length in memory. */
static bool
peer_send_join(struct peer *p, struct peer_frame *frame)
{
	struct peer_frame *last = TAILQ_LAST(&p->queue, peer_frames);
	size_t len = buf_len(&frame->bytes);

	if (last == NULL || last->bytes.secret != frame->bytes.secret || last->fd != -1 ||
	    frame->fd != -1 || last->stamp != frame->stamp ||
	    buf_len(&last->bytes) + len > PEER_JOINED ||
	    buf_append(&last->bytes, buf_data(&frame->bytes), len) == -1)
		return false;
	peer_frame_free(frame);
	return true;
}

int
peer_send_queue(struct peer *p, struct peer_frames *frames)
{
	struct peer_frame *frame;
	size_t bytes = 0, fds = 0;

	TAILQ_FOREACH(frame, frames, link) {
		bytes += buf_len(&frame->bytes);
		fds += frame->fd != -1;
	}
	if (bytes > PEER_OUT_MAX || peer_unsent(p) > PEER_OUT_MAX - bytes)
		return fail_with(ENOBUFS);
	while ((frame = TAILQ_FIRST(frames)) != NULL) {
		TAILQ_REMOVE(frames, frame, link);
		if (!peer_send_join(p, frame))
			TAILQ_INSERT_TAIL(&p->queue, frame, link);
	}
	p->queued += bytes;
	p->queued_fds += fds;
	return 0;
}

void
peer_wake(struct peer *p)
{
	if (p->failed || p->freed)
		return;
	if (p->options.autoflush && p->depth == 0)
		peer_flush(p);
	else
		peer_soon(p, 0);
}

/* Queues one frame; value (NULL = out of memory) and fd are taken. 0, or -1 with errno; on
 * EPIPE and EMSGSIZE the connection continues. */
static int
peer_send(struct peer *p, const char *head, json_t *value, int fd, uint64_t stamp)
{
	struct peer_frames one = TAILQ_HEAD_INITIALIZER(one);
	json_free_t before = peer_wipe_begin(p);
	struct peer_frame *frame = NULL;
	int error;

	errno = EPIPE;
	if (p->failed || p->half_close)
		json_decref(value);
	else
		frame = peer_frame_new(head, value, fd, stamp, p->secret);
	error = errno;
	peer_wipe_end(before);
	if (frame != NULL) {
		TAILQ_INSERT_TAIL(&one, frame, link);
		if (peer_send_queue(p, &one) == 0) {
			peer_wake(p);
			return 0;
		}
		error = errno;
		peer_frame_free(frame);
	} else {
		fd_close(fd);
	}
	if (error != EPIPE && error != EMSGSIZE)
		peer_fail(p, false, "cannot queue a message: %s", strerror(error));
	return fail_with(error);
}

/* In the head of a frame with a descriptor. */
#define PEER_FD_MARK(fd) ((fd) != -1 ? "\"fd\":true," : "")

/* Method names need no escapes: all are constants of this program. */
int
peer_notify(struct peer *p, const char *method, json_t *params, int fd, uint64_t stamp)
{
	char head[PEER_HEAD_MAX];

	(void)snprintf(head, sizeof(head),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",%s"
	    "\"params\":",
	    method, PEER_FD_MARK(fd));
	if (peer_send(p, head, params != NULL ? params : json_object(), fd, stamp) == 0)
		return 0;
	if (errno == EMSGSIZE) {
		peer_fail(p, false, "cannot send %s: %s", method, strerror(EMSGSIZE));
		errno = EMSGSIZE;
	}
	return -1;
}

int
peer_reply(struct peer *p, uint64_t id, json_t *result, int fd, uint64_t stamp)
{
	char head[PEER_HEAD_MAX];

	(void)snprintf(head, sizeof(head),
	    "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",%s"
	    "\"result\":",
	    id, PEER_FD_MARK(fd));
	if (peer_send(p, head, result != NULL ? result : json_null(), fd, stamp) == 0)
		return 0;
	return errno == EMSGSIZE ?
	    peer_fault(p, id, FAULT_FAILED, "FAILED: the result is too long", stamp) :
	    -1;
}

int
peer_fault(
    struct peer *p, uint64_t id, enum fault fault, const char *message, uint64_t stamp)
{
	size_t len = strnlen(message, FRAME_PART + 1);
	char head[PEER_HEAD_MAX];

	if (len > FRAME_PART)
		len = str_utf8_cut(message, FRAME_PART);
	(void)snprintf(
	    head, sizeof(head), "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"error\":", id);
	return peer_send(p, head,
	    json_pack("{si, ss%}", "code", (int)fault, "message", message, len), -1, stamp);
}

/* Appends the next frame of the stream to the batch; false when there is none now. */
static bool
peer_send_pull(struct peer *p)
{
	size_t before = buf_len(&p->batch);

	if (!p->puller->next(p->puller->ctx, &p->batch))
		return false;
	if (buf_len(&p->batch) - before <= FRAME_MAX)
		return true;
	p->batch.len = before;
	/* The cursor has passed the row: the subscriber must connect again. */
	peer_fail(p, false, "cannot send a change: %s", strerror(EMSGSIZE));
	return false;
}

/* Moves the first queued frame to the batch; false when the batch must be sent before. */
static bool
peer_send_shift(struct peer *p, struct peer_frame *frame)
{
	size_t len = buf_len(&frame->bytes);

	if (frame->fd != -1 && buf_len(&p->batch) > 0)
		return false;
	if (buf_append(&p->batch, buf_data(&frame->bytes), len) == -1) {
		peer_soon(p, PEER_RETRY_MS);
		return false;
	}
	if (frame->fd != -1) {
		p->batch_fd = frame->fd;
		p->queued_fds--;
	}
	frame->fd = -1;
	p->queued -= len;
	TAILQ_REMOVE(&p->queue, frame, link);
	peer_frame_free(frame);
	return true;
}

/* Fills the batch with stream frames and queued frames in their order. */
static void
peer_send_gather(struct peer *p, size_t limit)
{
	struct peer_frame *frame;
	bool more = true;

	while (more && !p->failed && buf_len(&p->batch) < limit) {
		frame = TAILQ_FIRST(&p->queue);
		if (frame != NULL &&
		    (p->puller == NULL ||
			p->puller->reached(p->puller->ctx) >= frame->stamp)) {
			more = peer_send_shift(p, frame);
			continue;
		}
		more = p->puller != NULL && peer_send_pull(p);
		if (!more && frame != NULL) /* no memory for a frame */
			peer_soon(p, PEER_RETRY_MS);
	}
}

/* Writes once. The bytes written, or 0 when the socket accepts no more now or has
 * failed. */
static size_t
peer_send_batch(struct peer *p)
{
	ssize_t n = sock_send(p->fd, buf_data(&p->batch), buf_len(&p->batch), p->batch_fd);

	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		source_want(p->socket, p->eof ? EPOLLOUT : EPOLLIN | EPOLLOUT);
		return 0;
	}
	if (n == -1 && (errno == ENOMEM || errno == ENOBUFS || errno == ETOOMANYREFS)) {
		peer_soon(p, PEER_RETRY_MS);
		return 0;
	}
	if (n == -1) {
		if (p->eof)
			peer_fail(p, false, "%s", "");
		else
			peer_fail(p, false, "cannot write: %s", strerror(errno));
		return 0;
	}
	fd_close(p->batch_fd);
	p->batch_fd = -1;
	buf_consume(&p->batch, (size_t)n);
	p->last_write = clock_mono_ms();
	p->written += (size_t)n;
	return (size_t)n;
}

/* Writes until the socket accepts no more or the budget is used up; true when the budget
 * was. */
static bool
peer_send_turn(struct peer *p)
{
	int64_t began = clock_mono_ms();
	bool is_short = peer_is_used_up(p, 2 * PEER_LOOP_MS);
	size_t written = 0, n;

	do {
		peer_send_gather(p, is_short ? PEER_SHORT : PEER_BATCH);
		if (p->failed)
			return false;
		if (buf_len(&p->batch) == 0) {
			source_want(p->socket, p->eof ? 0 : EPOLLIN);
			if (p->half_close && !p->half_closed && TAILQ_EMPTY(&p->queue)) {
				p->half_closed = true;
				(void)shutdown(p->fd, SHUT_WR);
			}
			return false;
		}
		n = peer_send_batch(p);
		written += n;
	} while (n > 0 && !is_short && written < PEER_FLUSH_MAX &&
	    clock_mono_ms() - began < PEER_TURN_MS);
	return n > 0;
}

void
peer_flush(struct peer *p)
{
	int64_t began = clock_mono_ms();

	if (p->failed || p->freed)
		return;
	if (!p->more && !p->eof)
		source_arm(p->later, -1);
	if (peer_send_turn(p)) /* continue in the next turn of the loop */
		source_want(p->socket, p->eof ? EPOLLOUT : EPOLLIN | EPOLLOUT);
	(void)loop_use_ms(p->loop, clock_mono_ms() - began);
}

size_t
peer_unsent(const struct peer *p)
{
	return p->queued + buf_len(&p->batch);
}

uint64_t
peer_written(const struct peer *p)
{
	return p->written;
}

size_t
peer_unsent_fds(const struct peer *p)
{
	return p->queued_fds + (p->batch_fd != -1);
}
