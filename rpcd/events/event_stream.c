#include "rpcd/events/event_stream.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "proto/stats.h"
#include "rpcd/json/write.h"
#include "rpcd/methods/process_row.h"
#include "rpcd/tail/tail.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 1000 /* after which a browser connects again */

struct event_stream {
	struct events *events;
	struct events_member member;
	struct changes_cursor cursor;
	const struct caller *caller;
	struct buf text;    /* made, not read yet */
	bool is_first;      /* nothing is made yet */
	uint64_t commented; /* events->ticks of the last comment */
	uint64_t sample;    /* the figures up to this one are sent */
	uint64_t after;     /* and of the next sample those up to this id */
	struct tail_target target;
	struct tail *tail; /* NULL = none */
	bool log_open;
	char held[UTF8_MAX]; /* of a character that was cut at the end of a piece */
	size_t nheld;
	int log_status; /* of a log that cannot be read, until it is told; or 0 */
	void (*ready)(void *ctx);
	void *ctx;
};

/* ---- text ---- */

static void
event_stream_put(struct event_stream *s, const char *text)
{
	jsonwrite_raw(&s->text, text, strlen(text));
}

/* Begins an event, whose data is one line of JSON. With an id, the client that returns
 * continues behind it. */
static void
event_stream_open(struct event_stream *s, const char *name, bool has_id)
{
	char id[CHANGES_ID_MAX] = "";

	if (has_id)
		changes_id(&s->cursor, id);
	if (id[0] != '\0') {
		event_stream_put(s, "id: ");
		event_stream_put(s, id);
		event_stream_put(s, "\n");
	}
	event_stream_put(s, "event: ");
	event_stream_put(s, name);
	event_stream_put(s, "\ndata: ");
}

static void
event_stream_close(struct event_stream *s)
{
	event_stream_put(s, "\n\n");
}

static bool
event_stream_is_full(const struct event_stream *s)
{
	return buf_len(&s->text) >= EVENT_STREAM_PIECE;
}

/* ---- changes ---- */

static bool
event_stream_sees(const struct event_stream *s, const struct changes_item *item)
{
	return item->group != NULL && caller_sees(s->caller, item->group, item->name) &&
	    (item->kind != CHANGES_ROW || item->info != NULL);
}

static void
event_stream_write_row(struct event_stream *s, const struct process_info *info)
{
	const struct writer w = { &writer_json, &s->text };

	process_row_write(&w, info, clock_wall_ms() / 1000, PROCESS_EVENT);
}

/* The rows of a snapshot that follow one another, some in one event. */
static void
event_stream_rows(struct event_stream *s, struct changes_item item)
{
	bool any = false;

	while (item.kind == CHANGES_ROW && item.in_snapshot && !event_stream_is_full(s)) {
		if (event_stream_sees(s, &item)) {
			if (!any)
				event_stream_open(s, "rows", false);
			event_stream_put(s, any ? "," : "[");
			event_stream_write_row(s, item.info);
			any = true;
		}
		changes_take(&s->cursor);
		item = changes_next(&s->cursor);
	}
	if (any) {
		event_stream_put(s, "]");
		event_stream_close(s);
	}
}

static void
event_stream_daemon(struct event_stream *s)
{
	const struct daemon_info *daemon = &s->events->rpcd->mirror->daemon;
	struct buf *out = &s->text;

	event_stream_open(s, "daemon", true);
	jsonwrite_open(out, '{');
	jsonwrite_member_string(out, "identifier", daemon->identifier);
	jsonwrite_member_string(out, "host", s->events->rpcd->host);
	jsonwrite_member_string(out, "version", REEVE_VERSION);
	jsonwrite_member_number(out, "pid", daemon->pid);
	jsonwrite_member_number(out, "start", daemon->start);
	jsonwrite_member_number(out, "state", daemon->state);
	jsonwrite_member_string(out, "statename", daemon_state_name(daemon->state));
	jsonwrite_member_string(out, "reason", daemon->fatal_reason);
	event_stream_put(s, "}");
	event_stream_close(s);
}

static void
event_stream_removed(struct event_stream *s, uint64_t id)
{
	event_stream_open(s, "removed", true);
	jsonwrite_open(&s->text, '{');
	jsonwrite_member_number(&s->text, "id", (int64_t)id);
	event_stream_put(s, "}");
	event_stream_close(s);
}

static void
event_stream_mark(struct event_stream *s, const char *name)
{
	event_stream_open(s, name, true);
	event_stream_put(s, "{}");
	event_stream_close(s);
}

/* One change, or several rows of a snapshot. The id of an event includes the event. */
static void
event_stream_change(struct event_stream *s, const struct changes_item *item)
{
	if (item->kind == CHANGES_ROW && item->in_snapshot) {
		event_stream_rows(s, *item);
		return;
	}
	changes_take(&s->cursor);
	switch (item->kind) {
	case CHANGES_BEGIN:
		event_stream_mark(s, "snapshot-begin");
		break;
	case CHANGES_END:
		event_stream_mark(s, "snapshot-end");
		break;
	case CHANGES_DAEMON:
		event_stream_daemon(s);
		break;
	case CHANGES_REMOVED:
		if (!item->in_snapshot && event_stream_sees(s, item))
			event_stream_removed(s, item->id);
		break;
	case CHANGES_ROW:
		if (!event_stream_sees(s, item))
			break;
		event_stream_open(s, "process", true);
		event_stream_write_row(s, item->info);
		event_stream_close(s);
		break;
	case CHANGES_NONE:
		break;
	}
}

static void
event_stream_changes(struct event_stream *s)
{
	struct changes_item item;

	while (!event_stream_is_full(s)) {
		item = changes_next(&s->cursor);
		if (item.kind == CHANGES_NONE)
			break;
		event_stream_change(s, &item);
	}
}

/* ---- figures ---- */

static void
event_stream_write_figure(struct event_stream *s, int64_t number)
{
	if (number == STATS_UNKNOWN)
		jsonwrite_values(&s->text, "null", 4);
	else
		jsonwrite_number(&s->text, number);
}

static void
event_stream_write_stats(struct event_stream *s, const struct event_stats *stats)
{
	char text[32];
	int n;

	(void)snprintf(text, sizeof(text), "%" PRIu64, stats->id);
	jsonwrite_name(&s->text, text);
	jsonwrite_open(&s->text, '[');
	n = snprintf(text, sizeof(text), "%" PRId64 ".%" PRId64, stats->cpu_share / 10,
	    stats->cpu_share % 10);
	if (stats->cpu_share == STATS_UNKNOWN)
		event_stream_write_figure(s, STATS_UNKNOWN);
	else
		jsonwrite_values(&s->text, text, (size_t)n);
	event_stream_write_figure(s, stats->rss);
	event_stream_write_figure(s, stats->fds);
	event_stream_put(s, "]");
}

/* Whether the client must hear of these figures. */
static bool
event_stream_wants(const struct event_stream *s, const struct event_stats *stats)
{
	const struct process_info *info;

	if (stats->id <= s->after || stats->changed <= s->sample)
		return false;
	info = mirror_by_id(s->events->rpcd->mirror, stats->id);
	return info != NULL && caller_sees(s->caller, info->group, info->name);
}

static void
event_stream_stats(struct event_stream *s)
{
	const struct events *events = s->events;
	bool any = false;
	size_t i;

	if (s->sample == events->sample || event_stream_is_full(s))
		return;
	for (i = 0; i < events->nstats && !event_stream_is_full(s); i++) {
		if (!event_stream_wants(s, &events->stats[i]))
			continue;
		if (!any) {
			event_stream_open(s, "stats", false);
			jsonwrite_open(&s->text, '{');
		}
		any = true;
		event_stream_write_stats(s, &events->stats[i]);
		s->after = events->stats[i].id;
	}
	if (any) {
		event_stream_put(s, "}");
		event_stream_close(s);
	}
	if (i < events->nstats)
		return;
	s->sample = events->sample;
	s->after = 0;
}

/* ---- the log ---- */

static void
event_stream_open_log(struct event_stream *s)
{
	event_stream_open(s, "log", false);
	jsonwrite_open(&s->text, '{');
	jsonwrite_member_string(
	    &s->text, "name", s->target.name != NULL ? s->target.name : "");
	jsonwrite_member_string(
	    &s->text, "stream", s->target.name != NULL ? s->target.stream : "main");
}

static void
event_stream_log_failed(struct event_stream *s, int status)
{
	event_stream_open_log(s);
	jsonwrite_member_string(
	    &s->text, "error", status == 404 ? "no such log" : "cannot be read");
	event_stream_put(s, "}");
	event_stream_close(s);
}

/* Appends the event of a piece, without the beginning of a character whose rest is not
 * written yet; end is the offset behind the piece. */
static void
event_stream_log_piece(struct event_stream *s, const char *piece, size_t n, int64_t end)
{
	size_t written;

	event_stream_open_log(s);
	jsonwrite_member_number(&s->text, "offset", end - (int64_t)n);
	jsonwrite_name(&s->text, "text");
	jsonwrite_open(&s->text, '"');
	written = jsonwrite_escape(&s->text, piece, n, false);
	event_stream_put(s, "\"");
	s->nheld = n - written;
	memcpy(s->held, piece + written, s->nheld);
	jsonwrite_member_number(&s->text, "end", end - (int64_t)s->nheld);
	event_stream_put(s, "}");
	event_stream_close(s);
}

static void
event_stream_log(struct event_stream *s)
{
	char piece[UTF8_MAX + EVENT_STREAM_LOG_PIECE];
	size_t held;
	ssize_t n;

	if (s->log_status != 0)
		event_stream_log_failed(s, s->log_status);
	s->log_status = 0;
	while (s->log_open && !event_stream_is_full(s)) {
		held = s->nheld;
		memcpy(piece, s->held, held);
		n = tail_read(s->tail, piece + held, EVENT_STREAM_LOG_PIECE);
		if (n == 0)
			return;
		if (n < 0) {
			s->log_open = false;
			if (n == TAIL_BROKEN)
				event_stream_log_failed(s, 503);
			return;
		}
		/* What is held is the end of a file that was truncated or replaced. */
		if (tail_offset(s->tail) - n < (int64_t)held) {
			memmove(piece, piece + held, (size_t)n);
			held = 0;
		}
		event_stream_log_piece(s, piece, held + (size_t)n, tail_offset(s->tail));
	}
}

static void
event_stream_on_log(void *ctx, int status, time_t changed UNUSED)
{
	struct event_stream *s = ctx;

	s->log_open = status == 200;
	s->log_status = s->log_open ? 0 : status;
	if (!s->log_open) {
		tail_free(s->tail);
		s->tail = NULL;
	}
	s->ready(s->ctx);
}

static void
event_stream_on_ready(void *ctx)
{
	struct event_stream *s = ctx;

	s->ready(s->ctx);
}

/* ---- the interface ---- */

struct event_stream *
event_stream_new(struct events *events, const struct event_stream_request *request)
{
	static const struct tail_ops ops = {
	    .opened = event_stream_on_log,
	    .ready = event_stream_on_ready,
	    .last = EVENT_STREAM_LOG_LAST,
	    .is_silent = true,
	};
	struct event_stream *s = xcalloc(1, sizeof(*s));

	s->events = events;
	s->caller = request->caller;
	s->ready = request->ready;
	s->ctx = request->ctx;
	s->is_first = true;
	s->commented = events->ticks;
	buf_init(&s->text, 0);
	if (request->log != NULL) {
		s->target.stream = request->log->stream;
		if (request->log->name != NULL)
			s->target.name = xstrdup(request->log->name);
		s->tail = tail_begin(events->rpcd->tails, &s->target, s->caller, &ops, s);
		s->log_status = s->tail != NULL ? 0 : 503;
	}
	s->member = (struct events_member){ .tick = event_stream_on_ready, .ctx = s };
	events_join(events, &s->member);
	s->cursor = (struct changes_cursor){ .sight = grant_sight(s->caller->grant),
		.ready = event_stream_on_ready,
		.ctx = s };
	changes_open(events->changes, &s->cursor, request->last_id);
	return s;
}

void
event_stream_free(void *stream)
{
	struct event_stream *s = stream;

	if (s == NULL)
		return;
	changes_close(&s->cursor);
	events_leave(s->events, &s->member);
	tail_free(s->tail);
	tail_target_clear(&s->target);
	buf_clear(&s->text);
	free(s);
}

static void
event_stream_fill(struct event_stream *s)
{
	char text[32];

	if (s->is_first) {
		snprintf(text, sizeof(text), "retry: %d\n\n", RETRY_MS);
		event_stream_put(s, text);
	}
	s->is_first = false;
	event_stream_changes(s);
	event_stream_stats(s);
	event_stream_log(s);
	if (buf_len(&s->text) == 0 &&
	    s->events->ticks - s->commented >= EVENTS_COMMENT_SAMPLES)
		event_stream_put(s, ":\n\n");
	if (buf_len(&s->text) > 0)
		s->commented = s->events->ticks;
}

ssize_t
event_stream_read(void *stream, char *out, size_t max)
{
	struct event_stream *s = stream;
	size_t n;

	if (buf_len(&s->text) == 0)
		event_stream_fill(s);
	n = buf_len(&s->text);
	if (n == 0)
		return s->events->ended ? EVENT_STREAM_END : 0;
	if (n > max)
		n = max;
	memcpy(out, buf_data(&s->text), n);
	buf_consume(&s->text, n);
	if (buf_len(&s->text) == 0)
		buf_clear(&s->text);
	return (ssize_t)n;
}
