#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/sock.h"
#include "proto/frame.h"
#include "proto/peer/peer_impl.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

void
peer_receive_clear(struct peer *p)
{
	for (size_t i = 0; i < p->nfds; i++)
		fd_close(p->fds[i]);
	p->nfds = 0;
	p->line = false;
	buf_clear(&p->in);
}

/* The oldest descriptor received, which the caller takes, or -1. */
static int
peer_receive_claim(struct peer *p)
{
	int fd;

	if (p->nfds == 0)
		return -1;
	fd = p->fds[0];
	p->nfds--;
	memmove(p->fds, p->fds + 1, p->nfds * sizeof(p->fds[0]));
	return fd;
}

/* The members of a message around its params or result. */
struct peer_message {
	const char *method; /* NULL = a response */
	bool has_id;
	uint64_t id;
	json_t *params; /* borrowed, or NULL */
	json_t *result; /* borrowed */
	enum fault fault;
	const char *text;
	bool has_fd;
};

static const char *
peer_message_outcome(const json_t *frame, struct peer_message *msg)
{
	const json_t *error = json_object_get(frame, "error");
	const json_t *code = json_object_get(error, "code");

	msg->result = json_object_get(frame, "result");
	if (!msg->has_id || (msg->result == NULL) == (error == NULL))
		return "neither request nor response";
	if (error == NULL)
		return NULL;
	msg->text = json_string_value(json_object_get(error, "message"));
	if (!json_is_integer(code) || json_integer_value(code) <= 0 ||
	    json_integer_value(code) > INT_MAX || msg->text == NULL)
		return "an error without code or message";
	msg->fault = (enum fault)json_integer_value(code);
	return NULL;
}

/* NULL, or what is wrong with the message. */
static const char *
peer_message_read(const json_t *frame, struct peer_message *msg)
{
	const char *version = json_string_value(json_object_get(frame, "jsonrpc"));
	const json_t *method = json_object_get(frame, "method");
	const json_t *fd = json_object_get(frame, "fd");
	const json_t *id = json_object_get(frame, "id");

	*msg = (struct peer_message){ .method = json_string_value(method),
		.has_id = id != NULL,
		.id = (uint64_t)json_integer_value(id),
		.has_fd = json_is_true(fd),
		.params = json_object_get(frame, "params") };
	if (version == NULL || strcmp(version, "2.0") != 0)
		return "not JSON-RPC 2.0";
	if (id != NULL && (!json_is_integer(id) || json_integer_value(id) <= 0))
		return "an id that is not a positive integer";
	if (method != NULL && msg->method == NULL)
		return "a method that is not a string";
	if (fd != NULL && !json_is_boolean(fd))
		return "an fd that is not a boolean";
	if (msg->params != NULL && !json_is_object(msg->params))
		return "params that are not an object";
	return msg->method == NULL ? peer_message_outcome(frame, msg) : NULL;
}

void
peer_receive_request(struct peer *p, uint64_t id, const char *method, json_t *params)
{
	if (p->ops->request == NULL)
		peer_fail(p, true, "a request from a peer that may not send any");
	else
		p->ops->request(p->ctx, p, id, method, params);
}

static void
peer_on_request(struct peer *p, const struct peer_message *msg, int fd)
{
	if (fd != -1) {
		fd_close(fd);
		peer_fail(p, true, "a descriptor with a request");
		return;
	}
	if (!peer_parts_begin(p, msg->id, msg->method, msg->params))
		peer_receive_request(p, msg->id, msg->method, msg->params);
}

static void
peer_on_notification(struct peer *p, const struct peer_message *msg, int fd)
{
	bool part = strcmp(msg->method, "part") == 0;

	if ((part || p->ops->notification == NULL) && fd != -1) {
		fd_close(fd);
		peer_fail(p, true, "a descriptor that was not requested");
	} else if (part) {
		peer_parts_add(p, msg->params);
	} else if (p->ops->notification != NULL) {
		p->ops->notification(p->ctx, p, msg->method, msg->params, fd);
	}
}

static void
peer_on_response(struct peer *p, const struct peer_message *msg, int fd)
{
	struct peer_pending *found = idmap_remove(p->pending, msg->id);
	struct peer_pending pending = { 0 };

	if (found != NULL)
		pending = *found;
	free(found);
	if (found == NULL && fd == -1 && msg->id <= p->dropped_id)
		return;
	if (found == NULL || (fd != -1 && !pending.want_fd)) {
		fd_close(fd);
		peer_fail(p, true,
		    found == NULL ? "a response to nothing" :
				    "a descriptor that was not requested");
	} else if (pending.fn != NULL) {
		pending.fn(pending.ctx, msg->fault, msg->text, msg->result, fd);
	} else {
		fd_close(fd);
	}
}

static void
peer_receive_frame(struct peer *p, const json_t *frame)
{
	struct peer_message msg;
	const char *wrong = peer_message_read(frame, &msg);
	json_t *none = NULL;
	int fd = -1;

	if (wrong == NULL && msg.has_fd && (fd = peer_receive_claim(p)) == -1)
		wrong = "a message that lacks its descriptor";
	if (wrong == NULL && msg.method != NULL && msg.params == NULL) {
		msg.params = none = json_object();
		if (none == NULL) {
			fd_close(fd);
			peer_fail(p, false, "out of memory");
			return;
		}
	}
	if (wrong != NULL)
		peer_fail(p, true, "%s", wrong);
	else if (msg.method == NULL)
		peer_on_response(p, &msg, fd);
	else if (msg.has_id)
		peer_on_request(p, &msg, fd);
	else
		peer_on_notification(p, &msg, fd);
	json_decref(none);
}

/* Reads once. Not inlined, so that the buffer is not on the stack while callbacks run,
 * which may call peer_drain. */
static __attribute__((noinline)) ssize_t
peer_receive_bytes(struct peer *p)
{
	UNINITIALIZED char chunk[PEER_READ];
	size_t nfds = 0;
	ssize_t n = sock_receive(
	    p->fd, chunk, sizeof(chunk), p->fds + p->nfds, PEER_FDS - p->nfds, &nfds);

	p->nfds += nfds;
	if (n <= 0)
		return n;
	if (p->half_close) { /* only the end of file matters now */
		peer_receive_clear(p);
		return n;
	}
	p->line = memchr(chunk, '\n', (size_t)n) != NULL ||
	    buf_len(&p->in) + (size_t)n >= p->options.limits->bytes;
	if (buf_append(&p->in, chunk, (size_t)n) == -1)
		peer_fail(p, false, "out of memory");
	mem_wipe(chunk, (size_t)n);
	return n;
}

/* What one call may read and dispatch; SIZE_MAX = everything. */
struct peer_budget {
	size_t bytes, frames;
	int64_t began;
};

/* Dispatches complete frames. Callbacks may free the peer, whose memory stays. */
static void
peer_receive_frames(struct peer *p, struct peer_budget *budget)
{
	enum frame_status status;
	const char *why = NULL;
	json_free_t before;
	json_t *frame;

	while (p->line && !p->failed && !p->freed && budget->frames > 0 &&
	    (budget->frames == SIZE_MAX ||
		clock_mono_ms() - budget->began < PEER_TURN_MS)) {
		before = peer_wipe_begin(p);
		status = frame_next(&p->in, p->options.limits, &frame, &why);
		if (status == FRAME_NONE) {
			p->line = false;
			/* Only an incomplete frame may have its descriptor here. */
			if (p->nfds > (buf_len(&p->in) > 0 ? 1 : 0))
				peer_fail(p, true, "a descriptor that was not requested");
		} else if (status != FRAME_OK) {
			peer_fail(p, errno != ENOMEM || status == FRAME_TOO_LONG,
			    "bad frame: %s", why);
		} else {
			budget->frames -= budget->frames != SIZE_MAX;
			peer_receive_frame(p, frame);
			json_decref(frame);
		}
		peer_wipe_end(before);
	}
}

static void
peer_receive_end(struct peer *p, ssize_t n)
{
	if (n == 0) {
		p->eof = true;
		source_want(p->socket, 0);
		peer_soon(p, 0);
	} else if (errno != EAGAIN && errno != EWOULDBLOCK) {
		peer_fail(p, false, "cannot read: %s", strerror(errno));
	}
}

/* Reads and dispatches; true when the budget ended before the input did. With a budget, a
 * read that did not fill its buffer is the last, which saves a system call for each
 * message: the loop reports when there is more. */
static bool
peer_receive_turn(struct peer *p, struct peer_budget *budget)
{
	bool bounded = budget->bytes != SIZE_MAX, last = false;
	ssize_t n;

	for (;;) {
		peer_receive_frames(p, budget);
		if (p->failed || p->freed)
			return false;
		if (p->line)
			return true;
		if (p->eof || last)
			return false;
		if (budget->bytes == 0)
			return true;
		n = peer_receive_bytes(p);
		if (n <= 0) {
			peer_receive_end(p, n);
			return false;
		}
		if (bounded)
			budget->bytes -=
			    (size_t)n < budget->bytes ? (size_t)n : budget->bytes;
		last = bounded && n < PEER_READ;
	}
}

bool
peer_receive(struct peer *p, size_t bytes, size_t frames)
{
	struct peer_budget budget = { bytes, frames, clock_mono_ms() };

	p->depth++;
	if (bytes != SIZE_MAX && peer_is_used_up(p, PEER_LOOP_MS)) {
		/* Waits for the next turn, in which the peers that were not served in this
		 * one are the first. */
		if (!p->more)
			p->more_since = budget.began - loop_use_ms(p->loop, 0);
		p->more = true;
	} else {
		p->more = peer_receive_turn(p, &budget);
		p->more_since = clock_mono_ms();
		if (!p->freed)
			(void)loop_use_ms(p->loop, p->more_since - budget.began);
	}
	if (!p->freed && p->more)
		peer_soon(p, p->more_since - clock_mono_ms());
	if (!p->freed && p->options.autoflush && !TAILQ_EMPTY(&p->queue))
		peer_flush(p);
	return peer_leave(p);
}
