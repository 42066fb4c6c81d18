#include "master/event/listener_protocol.h"

#include "common/compiler.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

#define READY "READY\n"
#define READY_LEN (sizeof(READY) - 1)
#define LENGTH_AT 7	/* where a result line's number stands, behind "RESULT " */

/* What one call of listener_feed works with. */
struct feeding {
	struct listener *listener;
	const char *bytes;	/* not yet taken */
	size_t n;
	const struct listener_ops *ops;
	void *ctx;
};

static const char *const state_names[] = {
    [LISTENER_ACKNOWLEDGED] = "ACKNOWLEDGED",
    [LISTENER_READY] = "READY",
    [LISTENER_BUSY] = "BUSY",
    [LISTENER_UNKNOWN] = "UNKNOWN",
};

const char *
listener_state_name(enum listener_state state)
{
	return state_names[state];
}

int
listener_state_find(const char *name)
{
	return str_index(name, state_names, nitems(state_names));
}

void
listener_init(struct listener *listener, const char *name, enum result_handler handler,
    struct listener_limits *limits)
{
	*listener = (struct listener){
	    .name = name, .handler = handler, .limits = limits,
	    .state = LISTENER_ACKNOWLEDGED};
}

struct pool_event
listener_take(struct listener *listener)
{
	struct pool_event taken = listener->outstanding;

	listener->outstanding = (struct pool_event){0};
	return taken;
}

/* A new state begins with nothing read. */
static void
enter(struct listener *listener, enum listener_state state)
{
	log_debug("%s: %s -> %s", listener->name, state_names[listener->state],
	    state_names[state]);
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

void
listener_give(struct listener *listener, struct pool_event taken)
{
	listener->state = LISTENER_BUSY;
	listener->outstanding = taken;
}

static size_t
take(struct feeding *feeding, size_t n)
{
	feeding->bytes += n;
	feeding->n -= n;
	return n;
}

/* --- one state each ------------------------------------------------------------ */

static void
feed_acknowledged(struct feeding *feeding)
{
	struct listener *listener = feeding->listener;
	size_t want = READY_LEN - listener->line.n;
	size_t n = feeding->n < want ? feeding->n : want;

	memcpy(listener->line.bytes + listener->line.n, feeding->bytes, n);
	listener->line.n += take(feeding, n);
	if (listener->line.n < READY_LEN)
		return;
	enter(listener, memcmp(listener->line.bytes, READY, READY_LEN) == 0 ? LISTENER_READY :
									 LISTENER_UNKNOWN);
}

static void
feed_ready(struct feeding *feeding)
{
	enter(feeding->listener, LISTENER_UNKNOWN);
}

static void
reject_line(struct feeding *feeding)
{
	struct listener *listener = feeding->listener;
	bool is_text = str_is_utf8(listener->line.bytes, listener->line.n);
	char *shown = is_text ? strndup(listener->line.bytes, listener->line.n) :
				str_repr_bytes(listener->line.bytes, listener->line.n);

	log_limited_after(&listener->limits->bad, LOG_LIMIT_FIRST, LEVEL_WARN,
	    "%s: bad result line: '%s%s'", listener->name,
	    is_text ? "" : "Undecodable: b", shown == NULL ? "?" : shown);
	free(shown);
	enter(listener, LISTENER_UNKNOWN);
	feeding->ops->end(feeding->ctx, listener_take(listener), false);
}

/* A whole line, its newline cut off: only what stands behind "RESULT " is looked at. */
static void
judge_line(struct feeding *feeding)
{
	struct listener *listener = feeding->listener;
	char number[LISTENER_LINE_MAX] = "";
	int64_t length;

	if (listener->line.n > LENGTH_AT)
		memcpy(number, listener->line.bytes + LENGTH_AT, listener->line.n - LENGTH_AT);
	if (strlen(number) + LENGTH_AT != listener->line.n ||
	    str_to_int(number, &length) == -1 || length < 0) {
		reject_line(feeding);
		return;
	}
	listener->in_result = true;
	listener->missing = length;
}

static void
end_result(struct feeding *feeding)
{
	struct listener *listener = feeding->listener;
	bool processed = listener->handler != RESULT_OK ||
	    (listener->result.n == 2 && memcmp(listener->result.bytes, "OK", 2) == 0);

	if (processed)
		log_debug("%s: event was processed", listener->name);
	else
		log_limited_after(&listener->limits->rejected, LOG_LIMIT_FIRST, LEVEL_WARN,
		    "%s: event was rejected", listener->name);
	enter(listener, LISTENER_ACKNOWLEDGED);
	feeding->ops->end(feeding->ctx, listener_take(listener), processed);
}

static void
feed_result(struct feeding *feeding)
{
	struct listener *listener = feeding->listener;
	size_t n = feeding->n;

	if ((int64_t)n > listener->missing)
		n = (size_t)listener->missing;
	if (listener->handler == RESULT_PRINTED)
		feeding->ops->result(feeding->ctx, feeding->bytes, n);
	for (size_t i = 0; i < n && listener->result.n < sizeof(listener->result.bytes); i++)
		listener->result.bytes[listener->result.n++] = feeding->bytes[i];
	listener->missing -= (int64_t)take(feeding, n);
	if (listener->missing == 0)
		end_result(feeding);
}

static void
feed_line(struct feeding *feeding)
{
	struct listener *listener = feeding->listener;
	const char *newline = memchr(feeding->bytes, '\n', feeding->n);
	size_t n = newline == NULL ? feeding->n : (size_t)(newline - feeding->bytes);
	size_t room = sizeof(listener->line.bytes) - listener->line.n;
	bool whole = newline != NULL && n < room;

	if (n > room)
		n = room;
	memcpy(listener->line.bytes + listener->line.n, feeding->bytes, n);
	listener->line.n += n;
	(void)take(feeding, n + whole);
	if (whole)
		judge_line(feeding);
	else if (listener->line.n == sizeof(listener->line.bytes))
		reject_line(feeding);
}

static void
feed_busy(struct feeding *feeding)
{
	struct listener *listener = feeding->listener;

	if (!listener->in_result)
		feed_line(feeding);
	/* A result of no bytes is there already. */
	if (listener->state == LISTENER_BUSY && listener->in_result)
		feed_result(feeding);
}

static void
feed_unknown(struct feeding *feeding)
{
	(void)take(feeding, feeding->n);
}

static void (*const feeders[])(struct feeding *) = {
    [LISTENER_ACKNOWLEDGED] = feed_acknowledged,
    [LISTENER_READY] = feed_ready,
    [LISTENER_BUSY] = feed_busy,
    [LISTENER_UNKNOWN] = feed_unknown,
};

void
listener_feed(struct listener *listener, const char *bytes, size_t n,
    const struct listener_ops *ops, void *ctx)
{
	struct feeding feeding = {listener, bytes, n, ops, ctx};

	while (feeding.n > 0)
		feeders[listener->state](&feeding);
}

bool
listener_is_sound(const struct listener *listener)
{
	bool busy = listener->state == LISTENER_BUSY;
	/* READY is judged as soon as it is as long as that. */
	size_t room =
	    listener->state == LISTENER_ACKNOWLEDGED ? READY_LEN : sizeof(listener->line.bytes);

	return busy == (listener->outstanding.event != NULL) && listener->line.n < room &&
	    (!listener->in_result || (busy && listener->missing > 0)) &&
	    listener->result.n <= sizeof(listener->result.bytes);
}
