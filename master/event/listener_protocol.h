/* Listener protocol: what one event listener writes to its standard output: READY, then for
 * each event RESULT. It decides and makes no system call. */
#ifndef MASTER_EVENT_LISTENER_PROTOCOL_H
#define MASTER_EVENT_LISTENER_PROTOCOL_H

#include "common/fields.h"
#include "common/loglimit.h"
#include "master/config/config.h"
#include "master/event/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LISTENER_LINE_MAX 256 /* bytes of a result line; a longer one is a bad one */

enum listener_state {
	LISTENER_ACKNOWLEDGED,	/* has not written READY yet */
	LISTENER_READY,
	LISTENER_BUSY,		/* has been given an event */
	LISTENER_UNKNOWN,	/* broke the protocol: gets nothing until it is restarted */
};
#define FIELDS_TYPE_LISTENER enum listener_state /* common/fields.h */

/* What the state document has of an event's place in a pool, beside the event. */
#define POOL_EVENT_FIELDS(ROW, S)							\
	ROW(S, U64, poolserial)								\
	ROW(S, BOOL, rejected)	/* before, by some listener */

/* An event's place in a pool. */
struct pool_event {
	struct event *event; /* a reference; NULL = none */
	struct FIELDS(POOL_EVENT_FIELDS);
};
#define FIELDS_TYPE_POOL_EVENT struct pool_event

struct listener_line {
	size_t n;
	char bytes[LISTENER_LINE_MAX];
};
#define FIELDS_TYPE_LINE struct listener_line

struct listener_result {
	size_t n;
	char bytes[3]; /* nothing longer than "OK" is good */
};
#define FIELDS_TYPE_RESULT struct listener_result

/* What the state document has of a listener. */
#define LISTENER_FIELDS(ROW, S)								\
	ROW(S, LISTENER, state)								\
	ROW(S, LINE, line)		/* not whole yet: READY, or a result line */	\
	ROW(S, BOOL, in_result)		/* the line is whole: `missing` bytes of … */	\
	ROW(S, I64, missing)		/* … its result are still to come */		\
	ROW(S, RESULT, result)		/* its beginning */				\
	ROW(S, POOL_EVENT, outstanding)	/* BUSY: what it was given */

struct listener_protocol {
	const char *name;               /* of the process; borrowed */
	struct listener_limits *limits; /* of its process, which outlives it; borrowed */
	enum result_handler handler;    /* of its pool */
	struct FIELDS(LISTENER_FIELDS);
};

/* Log lines that a listener can repeat, also by ending each time. */
struct listener_limits {
	struct log_limit rejected, bad, unknown;
};

struct listener_protocol_ops {
	/* An event has ended: it was processed, else it is rejected. The event is the
	 * callee's. */
	void (*end)(void *ctx, struct pool_event taken, bool processed);
	/* Of RESULT_PRINTED: bytes of a result, before its end. */
	void (*result)(void *ctx, const char *bytes, size_t n);
};

/* "BUSY"; and name → state, or -1. */
const char *listener_protocol_state_name(enum listener_state);
int listener_protocol_state_find(const char *name);

/* As of a process just spawned. */
void listener_protocol_init(struct listener_protocol *, const char *name,
    enum result_handler, struct listener_limits *);
/* READY → BUSY, with an event. */
void listener_protocol_give(struct listener_protocol *, struct pool_event taken);
/* It wrote these bytes. */
void listener_protocol_feed(struct listener_protocol *, const char *bytes, size_t n,
    const struct listener_protocol_ops *, void *ctx);
/* It is gone: what it was given comes back, .event NULL when it had nothing. */
struct pool_event listener_protocol_take(struct listener_protocol *);
/* For the state document: whether the protocol can have led to this. */
bool listener_protocol_is_sound(const struct listener_protocol *);

#endif
