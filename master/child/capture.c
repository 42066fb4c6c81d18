#include "master/child/capture.h"

#include "common/buf.h"
#include "common/log.h"
#include "common/loglimit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct capture {
	const struct capture_ops *ops;
	void *ctx;
	size_t maxbytes;
	union {
		struct capture_record record;
		struct FIELDS(CAPTURE_FIELDS);
	};
	struct log_limit losses;
};

static const char *
token(const struct capture *capture)
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

/* As supervisord's buffer: as many bytes as come are dropped in front, however many there
 * are too many. */
static void
store(struct capture *capture, const char *bytes, size_t n)
{
	size_t held = buf_len(&capture->captured);

	if (held + n > capture->maxbytes)
		buf_consume(&capture->captured, n < held ? n : held);
	if (buf_append(&capture->captured, bytes, n) == -1)
		log_limited(&capture->losses, LEVEL_ERROR,
		    "no memory for %zu captured bytes", n);
}

static void
put(struct capture *capture, char *bytes, size_t n)
{
	if (n == 0)
		return;
	if (capture->capturing)
		store(capture, bytes, n);
	capture->ops->output(capture->ctx, bytes, n, capture->capturing);
}

static void
toggle(struct capture *capture)
{
	capture->capturing = !capture->capturing;
	if (capture->capturing)
		return;
	capture->ops->communication(capture->ctx, buf_data(&capture->captured),
	    buf_len(&capture->captured));
	buf_clear(&capture->captured);
}

/* The longest beginning of the token, short of the whole, that stands at the end. */
static size_t
beginning_at_end(const char *sought, const char *bytes, size_t n)
{
	size_t length = strlen(sought) - 1;

	for (length = length < n ? length : n; length > 0; length--)
		if (memcmp(bytes + n - length, sought, length) == 0)
			break;
	return length;
}

static void
scan(struct capture *capture, char *bytes, size_t n)
{
	const char *found, *sought = token(capture);
	size_t before;

	while ((found = memmem(bytes, n, sought, strlen(sought))) != NULL) {
		before = (size_t)(found - bytes);
		put(capture, bytes, before);
		toggle(capture);
		bytes += before + strlen(sought);
		n -= before + strlen(sought);
		sought = token(capture);
	}
	capture->held = beginning_at_end(sought, bytes, n);
	put(capture, bytes, n - capture->held);
}

/* Joins what was held with just so many bytes as show whether it is a token; how many. */
static size_t
scan_seam(struct capture *capture, const char *bytes, size_t n)
{
	char seam[sizeof(CAPTURE_BEGIN) + sizeof(CAPTURE_END)];
	size_t held = capture->held, missing = strlen(token(capture)) - held;
	size_t taken = missing < n ? missing : n;

	memcpy(seam, token(capture), held);
	memcpy(seam + held, bytes, taken);
	scan(capture, seam, held + taken);
	return taken;
}

void
capture_feed(struct capture *capture, char *bytes, size_t n)
{
	size_t taken = 0;

	while (capture->held > 0 && taken < n)
		taken += scan_seam(capture, bytes + taken, n - taken);
	if (taken < n)
		scan(capture, bytes + taken, n - taken);
}

void
capture_finish(struct capture *capture)
{
	char held[sizeof(CAPTURE_BEGIN) + sizeof(CAPTURE_END)];
	size_t n = capture->held;

	capture->held = 0;
	memcpy(held, token(capture), n);
	put(capture, held, n);
	if (capture->capturing && buf_len(&capture->captured) > 0)
		capture->ops->leftover(capture->ctx, buf_data(&capture->captured),
		    buf_len(&capture->captured));
	buf_clear(&capture->captured);
	capture->capturing = false;
}

struct capture_record *
capture_record(struct capture *capture)
{
	return &capture->record;
}

bool
capture_is_sound(const struct capture *capture)
{
	return capture->held < strlen(token(capture)) &&
	    (capture->capturing || buf_len(&capture->captured) == 0);
}
