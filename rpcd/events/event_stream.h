/* Event stream: the text of server-sent events (text/event-stream) for one client: states,
 * what the programs use, and the lines of one log. The text is made when the client can
 * take it, so that a slow client costs no memory. Independent of HTTP. */
#ifndef RPCD_EVENTS_EVENT_STREAM_H
#define RPCD_EVENTS_EVENT_STREAM_H

#include "rpcd/caller.h"
#include "rpcd/events/events.h"
#include "rpcd/tail/target.h"

#include <stddef.h>
#include <sys/types.h>

#define EVENT_STREAM_PIECE 4096     /* bytes of text that are made at once, or one event */
#define EVENT_STREAM_BLOCK 1024     /* bytes that a reader should take at once */
#define EVENT_STREAM_LOG_PIECE 2048 /* bytes of a log in one event */
#define EVENT_STREAM_LOG_LAST (16 * 1024) /* a log begins so many bytes before its end */

struct event_stream;

struct event_stream_request {
	const struct caller *caller;   /* must exist longer than the stream */
	const char *last_id;           /* of the last event that the client has; or NULL */
	const struct tail_target *log; /* NULL = no log */
	void (*ready)(void *ctx);      /* there is something to read */
	void *ctx;
};

/* New. */
struct event_stream *event_stream_new(struct events *, const struct event_stream_request *);
void event_stream_free(void *stream);

#define EVENT_STREAM_END (-1)
/* Reads the next bytes. Their number; 0 = none until `ready` is called;
 * EVENT_STREAM_END. */
ssize_t event_stream_read(void *stream, char *out, size_t max);

#endif
