#include "master/event/listener_protocol.h"

#include "common/compiler.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

#define READY "READY\n"
#define READY_LEN (sizeof(READY) - 1)
#define LENGTH_AT 7 /* offset of the number in a result line, after "RESULT " */

static const char *const listener_states[] = {
    [LISTENER_ACKNOWLEDGED] = "ACKNOWLEDGED",
    [LISTENER_READY] = "READY",
    [LISTENER_BUSY] = "BUSY",
    [LISTENER_UNKNOWN] = "UNKNOWN",
};

const char *
listener_protocol_state_name(enum listener_state state)
{
	return listener_states[state];
}

int
listener_protocol_state_find(const char *name)
{
	return str_index(name, listener_states, nitems(listener_states));
}

void
listener_protocol_init(struct listener_protocol *listener, const char *name,
    enum result_handler handler, struct listener_limits *limits)
{
	*listener = (struct listener_protocol){ .name = name,
		.handler = handler,
		.limits = limits,
		.state = LISTENER_ACKNOWLEDGED };
}

struct pool_event
listener_protocol_take(struct listener_protocol *listener)
{
	struct pool_event outstanding = listener->outstanding;

	listener->outstanding = (struct pool_event){ 0 };
	return outstanding;
}

void
listener_protocol_give(struct listener_protocol *listener, struct pool_event event)
{
	listener->state = LISTENER_BUSY;
	listener->outstanding = event;
}

static void
listener_protocol_enter(struct listener_protocol *listener, enum listener_state state)
{
	log_debug("%s: %s -> %s", listener->name, listener_states[listener->state],
	    listener_states[state]);
	listener->state = state;
	listener->line.n = 0;
	listener->in_result = false;
	listener->result.n = 0;
	if (state == LISTENER_UNKNOWN)
		log_limited_after(&listener->limits->unknown, LOG_LIMIT_FIRST, LEVEL_WARN,
		    "%s: has entered the UNKNOWN state and will no longer receive "
		    "events, this usually indicates the process violated the "
		    "eventlistener protocol",
		    listener->name);
}

static void
listener_protocol_log_bad_line(const struct listener_protocol *listener)
{
	const char *bytes = listener->line.bytes;
	bool is_text = str_is_utf8(bytes, listener->line.n);
	char *shown = is_text ? strndup(bytes, listener->line.n) :
				str_repr_bytes(bytes, listener->line.n);

	log_limited_after(&listener->limits->bad, LOG_LIMIT_FIRST, LEVEL_WARN,
	    "%s: bad result line: '%s%s'", listener->name, is_text ? "" : "Undecodable: b",
	    shown == NULL ? "?" : shown);
	free(shown);
}

/* The length of the result, from a complete line without its newline, or -1. supervisord
 * does not check the first 7 bytes either. */
static int64_t
listener_protocol_read_length(const struct listener_protocol *listener)
{
	char number[LISTENER_LINE_MAX] = "";
	size_t n = listener->line.n;
	int64_t length;

	if (n > LENGTH_AT)
		memcpy(number, listener->line.bytes + LENGTH_AT, n - LENGTH_AT);
	if (strlen(number) + LENGTH_AT != n || str_to_int(number, &length) == -1 ||
	    length < 0)
		return -1;
	return length;
}

/* Whether the event was processed. */
static bool
listener_protocol_log_result(const struct listener_protocol *listener)
{
	const struct listener_result *result = &listener->result;
	bool processed = listener->handler != RESULT_OK ||
	    (result->n == 2 && memcmp(result->bytes, "OK", 2) == 0);

	if (processed)
		log_debug("%s: event was processed", listener->name);
	else
		log_limited_after(&listener->limits->rejected, LOG_LIMIT_FIRST, LEVEL_WARN,
		    "%s: event was rejected", listener->name);
	return processed;
}

/* --- a function for each state; returns how many of the bytes it has read -------- */

typedef size_t listener_protocol_feed_fn(struct listener_protocol *, const char *bytes,
    size_t n, const struct listener_protocol_ops *, void *ctx);

static size_t
listener_protocol_feed_acknowledged(struct listener_protocol *listener, const char *bytes,
    size_t n, const struct listener_protocol_ops *ops UNUSED, void *ctx UNUSED)
{
	struct listener_line *line = &listener->line;
	size_t want = READY_LEN - line->n;

	n = n < want ? n : want;
	memcpy(line->bytes + line->n, bytes, n);
	line->n += n;
	if (line->n == READY_LEN)
		listener_protocol_enter(listener,
		    memcmp(line->bytes, READY, READY_LEN) == 0 ? LISTENER_READY :
								 LISTENER_UNKNOWN);
	return n;
}

/* Also for READY, in which a listener must not write. */
static size_t
listener_protocol_feed_unknown(struct listener_protocol *listener, const char *bytes UNUSED,
    size_t n, const struct listener_protocol_ops *ops UNUSED, void *ctx UNUSED)
{
	if (listener->state != LISTENER_UNKNOWN)
		listener_protocol_enter(listener, LISTENER_UNKNOWN);
	return n;
}

static size_t
listener_protocol_feed_result(struct listener_protocol *listener, const char *bytes,
    size_t n, const struct listener_protocol_ops *ops, void *ctx)
{
	struct listener_result *result = &listener->result;
	bool processed;

	if ((int64_t)n > listener->missing)
		n = (size_t)listener->missing;
	if (listener->handler == RESULT_PRINTED)
		ops->result(ctx, bytes, n);
	for (size_t i = 0; i < n && result->n < sizeof(result->bytes); i++)
		result->bytes[result->n++] = bytes[i];
	listener->missing -= (int64_t)n;
	if (listener->missing == 0) {
		processed = listener_protocol_log_result(listener);
		listener_protocol_enter(listener, LISTENER_ACKNOWLEDGED);
		ops->end(ctx, listener_protocol_take(listener), processed);
	}
	return n;
}

static size_t
listener_protocol_feed_busy(struct listener_protocol *listener, const char *bytes, size_t n,
    const struct listener_protocol_ops *ops, void *ctx)
{
	struct listener_line *line = &listener->line;
	size_t space = sizeof(line->bytes) - line->n;
	const char *newline;
	int64_t length;

	if (listener->in_result)
		return listener_protocol_feed_result(listener, bytes, n, ops, ctx);
	n = n < space ? n : space;
	newline = memchr(bytes, '\n', n);
	n = newline == NULL ? n : (size_t)(newline - bytes);
	memcpy(line->bytes + line->n, bytes, n);
	line->n += n;
	if (newline == NULL && n < space)
		return n;
	length = newline != NULL ? listener_protocol_read_length(listener) : -1;
	if (length == -1) {
		listener_protocol_log_bad_line(listener);
		listener_protocol_enter(listener, LISTENER_UNKNOWN);
		ops->end(ctx, listener_protocol_take(listener), false);
		return n;
	}
	listener->in_result = true;
	listener->missing = length;
	/* An empty result is complete. */
	if (length == 0)
		(void)listener_protocol_feed_result(listener, bytes, 0, ops, ctx);
	return n + 1;
}

void
listener_protocol_feed(struct listener_protocol *listener, const char *bytes, size_t n,
    const struct listener_protocol_ops *ops, void *ctx)
{
	static listener_protocol_feed_fn *const feeders[] = {
	    [LISTENER_ACKNOWLEDGED] = listener_protocol_feed_acknowledged,
	    [LISTENER_READY] = listener_protocol_feed_unknown,
	    [LISTENER_BUSY] = listener_protocol_feed_busy,
	    [LISTENER_UNKNOWN] = listener_protocol_feed_unknown,
	};
	size_t taken;

	for (; n > 0; bytes += taken, n -= taken)
		taken = feeders[listener->state](listener, bytes, n, ops, ctx);
}

bool
listener_protocol_is_sound(const struct listener_protocol *listener)
{
	bool busy = listener->state == LISTENER_BUSY;
	/* A line that has this length does not stay incomplete. */
	size_t end = listener->state == LISTENER_ACKNOWLEDGED ?
	    READY_LEN :
	    sizeof(listener->line.bytes);

	return busy == (listener->outstanding.event != NULL) && listener->line.n < end &&
	    (!listener->in_result || (busy && listener->missing > 0)) &&
	    listener->result.n <= sizeof(listener->result.bytes);
}
