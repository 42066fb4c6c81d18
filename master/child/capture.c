#include "master/child/capture.h"

#include "common/buf.h"
#include "common/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *
capture_token(const struct capture *capture)
{
	return capture->capturing ? CAPTURE_END : CAPTURE_BEGIN;
}

struct capture *
capture_new(int64_t maxbytes, const struct capture_ops *ops, void *ctx)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (capture == NULL)
		return NULL;
	capture->ops = ops;
	capture->ctx = ctx;
	capture->maxbytes = maxbytes > 0 ? (size_t)maxbytes : 0;
	buf_init(&capture->captured, 0);
	return capture;
}

void
capture_free(struct capture *capture)
{
	if (capture == NULL)
		return;
	buf_clear(&capture->captured);
	free(capture);
}

/* When the buffer is full, as many of its oldest bytes are dropped as are added, even if
 * dropping fewer would do: supervisord does the same. */
static void
capture_put(struct capture *capture, char *bytes, size_t n)
{
	size_t held = buf_len(&capture->captured);

	if (n == 0)
		return;
	if (capture->capturing && held + n > capture->maxbytes)
		buf_consume(&capture->captured, n < held ? n : held);
	if (capture->capturing && buf_append(&capture->captured, bytes, n) == -1)
		log_limited(&capture->losses, LEVEL_ERROR,
		    "%zu captured bytes are lost: %s", n, strerror(ENOMEM));
	capture->ops->output(capture->ctx, bytes, n, capture->capturing);
}

/* Holds back the longest incomplete token that the bytes end with. */
static void
capture_scan(struct capture *capture, char *bytes, size_t n)
{
	const char *found, *sought = capture_token(capture);
	struct buf *captured = &capture->captured;
	size_t before, held;

	while ((found = memmem(bytes, n, sought, strlen(sought))) != NULL) {
		before = (size_t)(found - bytes);
		capture_put(capture, bytes, before);
		if (capture->capturing) {
			capture->ops->communication(
			    capture->ctx, buf_data(captured), buf_len(captured));
			buf_clear(captured);
		}
		capture->capturing = !capture->capturing;
		bytes += before + strlen(sought);
		n -= before + strlen(sought);
		sought = capture_token(capture);
	}
	held = strlen(sought) - 1;
	for (held = held < n ? held : n; held > 0; held--)
		if (memcmp(bytes + n - held, sought, held) == 0)
			break;
	capture->held = held;
	capture_put(capture, bytes, n - held);
}

void
capture_feed(struct capture *capture, char *bytes, size_t n)
{
	char seam[sizeof(CAPTURE_BEGIN) + sizeof(CAPTURE_END)];
	size_t held, missing;

	/* Complete the token that was held back with as few bytes as decide it. */
	while (capture->held > 0 && n > 0) {
		held = capture->held;
		missing = strlen(capture_token(capture)) - held;
		missing = missing < n ? missing : n;
		memcpy(seam, capture_token(capture), held);
		memcpy(seam + held, bytes, missing);
		capture_scan(capture, seam, held + missing);
		bytes += missing;
		n -= missing;
	}
	if (n > 0)
		capture_scan(capture, bytes, n);
}

void
capture_finish(struct capture *capture)
{
	char held[sizeof(CAPTURE_BEGIN) + sizeof(CAPTURE_END)];
	size_t n = capture->held;

	capture->held = 0;
	memcpy(held, capture_token(capture), n);
	capture_put(capture, held, n);
	if (capture->capturing && buf_len(&capture->captured) > 0)
		capture->ops->leftover(capture->ctx, buf_data(&capture->captured),
		    buf_len(&capture->captured));
	buf_clear(&capture->captured);
	capture->capturing = false;
}

bool
capture_is_sound(const struct capture *capture)
{
	return capture->held < strlen(capture_token(capture)) &&
	    (capture->capturing || buf_len(&capture->captured) == 0);
}
