#include "proto/peer/peer.h"

#include "common/clock.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/mem.h"
#include "proto/peer/peer_impl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void
peer_on_socket(void *ctx, uint32_t ready)
{
	struct peer *p = ctx;

	p->depth++;
	/* The master writes after all requests of this turn, so that slow readers do not
	 * delay them. */
	if ((ready & EPOLLOUT) && !p->options.autoflush)
		peer_soon(p, 0);
	else if (ready & EPOLLOUT)
		peer_flush(p);
	/* With `more`, the timer continues the last turn. */
	if ((ready & ~(uint32_t)EPOLLOUT) && !p->more)
		(void)peer_receive(p, PEER_TURN_BYTES, PEER_TURN_FRAMES);
	(void)peer_leave(p);
}

static void
peer_on_later(void *ctx, uint32_t ready UNUSED)
{
	struct peer *p = ctx;

	p->depth++;
	if (p->more && !p->failed) {
		(void)peer_receive(p, PEER_TURN_BYTES, PEER_TURN_FRAMES);
		if (!p->freed) /* sends at the end of this turn or in the next one */
			peer_soon(p, 0);
	} else {
		peer_flush(p);
		if (p->eof)
			peer_fail(p, false, "%s", "");
		if (p->failed && !p->reported) {
			p->reported = true;
			p->ops->closed(p->ctx, p, p->why, p->violation);
		}
	}
	(void)peer_leave(p);
}

struct peer *
peer_new(struct loop *loop, int fd, const struct peer_ops *ops, void *ctx)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->loop = loop;
	p->fd = -1; /* so that peer_free on failure does not close fd */
	p->ops = ops;
	p->ctx = ctx;
	p->options = (struct peer_options){ .long_max = PEER_LONG_MAX,
		.limits = &frame_limits,
		.request_limits = &frame_limits };
	TAILQ_INIT(&p->queue);
	/* The peer may be made secret when some of the frames have been read already. */
	p->in.secret = true;
	p->batch_fd = -1;
	p->pending = idmap_new();
	p->later = loop_timer(loop, peer_on_later, p);
	p->socket = loop_fd(loop, fd, EPOLLIN, peer_on_socket, p);
	if (p->pending == NULL || p->later == NULL || p->socket == NULL) {
		peer_free(p);
		return NULL;
	}
	p->fd = fd;
	p->last_write = clock_mono_ms();
	return p;
}

void
peer_free(struct peer *p)
{
	struct peer_pending *pending;
	size_t cursor = 0;

	if (p == NULL || p->freed)
		return;
	p->freed = true;
	source_free(p->socket);
	source_free(p->later);
	p->socket = p->later = NULL;
	fd_close(p->fd);
	p->fd = -1;
	while (
	    p->pending != NULL && (pending = idmap_next(p->pending, &cursor, NULL)) != NULL)
		free(pending);
	idmap_free(p->pending);
	p->pending = NULL;
	peer_receive_clear(p);
	peer_parts_clear(p);
	peer_send_clear(p);
	if (p->depth == 0)
		free(p);
}

bool
peer_leave(struct peer *p)
{
	p->depth--;
	if (!p->freed)
		return true;
	if (p->depth == 0)
		free(p);
	return false;
}

void
peer_fail(struct peer *p, bool violation, const char *fmt, ...)
{
	va_list ap;

	if (p->failed)
		return;
	p->failed = true;
	p->violation = violation;
	va_start(ap, fmt);
	(void)vsnprintf(p->why, sizeof(p->why), fmt, ap);
	va_end(ap);
	source_free(p->socket);
	p->socket = NULL;
	peer_soon(p, 0);
}

void
peer_soon(struct peer *p, int64_t ms)
{
	int64_t deadline = clock_mono_ms() + ms;
	int64_t armed = source_deadline(p->later);

	if (armed == -1 || deadline < armed)
		source_arm(p->later, deadline);
}

bool
peer_is_used_up(const struct peer *p, int64_t ms)
{
	return !p->options.autoflush && loop_use_ms(p->loop, 0) >= ms;
}

int
peer_fd(const struct peer *p)
{
	return p->fd;
}

bool
peer_has_ended(const struct peer *p)
{
	return p->failed;
}

struct peer_options *
peer_options(struct peer *p)
{
	return &p->options;
}

void
peer_pull_from(struct peer *p, const struct peer_puller *puller)
{
	p->puller = puller;
	peer_wake(p);
}

void
peer_half_close(struct peer *p)
{
	p->half_close = true;
	peer_receive_clear(p);
	peer_wake(p);
}

int64_t
peer_last_write(const struct peer *p)
{
	return p->last_write;
}

void
peer_drain(struct peer *p)
{
	if (!p->failed)
		(void)peer_receive(p, SIZE_MAX, SIZE_MAX);
}

uint64_t
peer_call(struct peer *p, const char *method, json_t *params, bool want_fd,
    peer_answer_fn *fn, void *ctx)
{
	json_free_t before = peer_wipe_begin(p);
	struct peer_pending *pending;
	uint64_t id = p->last_id + 1;

	if (params == NULL)
		params = json_object();
	pending = malloc(sizeof(*pending));
	if (params == NULL || pending == NULL) {
		errno = ENOMEM;
		goto fail;
	}
	*pending = (struct peer_pending){ .fn = fn, .ctx = ctx, .want_fd = want_fd };
	if (idmap_set(p->pending, id, pending) == -1)
		goto fail;
	if (peer_parts_send(p, id, method, params) == -1) {
		(void)idmap_remove(p->pending, id);
		goto fail;
	}
	p->last_id = id;
	json_decref(params);
	peer_wipe_end(before);
	peer_wake(p);
	return id;
fail:
	free(pending);
	json_decref(params);
	peer_wipe_end(before);
	return 0;
}

void
peer_forget(struct peer *p, uint64_t id)
{
	struct peer_pending *pending = idmap_get(p->pending, id);

	if (pending != NULL)
		pending->fn = NULL;
}

void
peer_secret(struct peer *p, bool on)
{
	p->secret = on;
	p->batch.secret = on;
}

json_free_t
peer_wipe_begin(const struct peer *p)
{
	json_malloc_t allocate;
	json_free_t release;

	json_get_alloc_funcs(&allocate, &release);
	if (!p->secret || release == mem_wiping_free)
		return NULL;
	json_set_alloc_funcs(allocate, mem_wiping_free);
	return release;
}

void
peer_wipe_end(json_free_t before)
{
	json_malloc_t allocate;
	json_free_t release;

	if (before == NULL)
		return;
	json_get_alloc_funcs(&allocate, &release);
	json_set_alloc_funcs(allocate, before);
}
