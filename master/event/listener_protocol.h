/* Listener protocol: reads what one event listener writes to its standard output: READY,
 * then a RESULT for each event. Makes no system call. */
#ifndef MASTER_EVENT_LISTENER_PROTOCOL_H
#define MASTER_EVENT_LISTENER_PROTOCOL_H

#include "common/fields.h"
#include "common/loglimit.h"
#include "master/config/config.h"
#include "master/event/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LISTENER_LINE_MAX 256 /* bytes of a result line; a longer line is bad */

enum listener_state {
	LISTENER_ACKNOWLEDGED,	/* has not written READY yet */
	LISTENER_READY,
	LISTENER_BUSY,		/* has not answered an event yet */
	LISTENER_UNKNOWN,	/* broke the protocol: gets no events until a restart */
};
#define FIELDS_TYPE_LISTENER enum listener_state /* common/fields.h */

/* Its fields in the state document, which has the event as well. */
#define POOL_EVENT_FIELDS(ROW, S)							\
	ROW(S, U64, poolserial)								\
	ROW(S, BOOL, rejected)	/* before, by some listener */

/* An event in a pool. */
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
	char bytes[3]; /* the beginning, to compare with "OK" */
};
#define FIELDS_TYPE_RESULT struct listener_result

/* Its fields in the state document. */
#define LISTENER_FIELDS(ROW, S)								\
	ROW(S, LISTENER, state)								\
	ROW(S, LINE, line)		/* incomplete: READY, or a result line */	\
	ROW(S, BOOL, in_result)		/* the result line is complete */		\
	ROW(S, I64, missing)		/* bytes of the result that are still missing */\
	ROW(S, RESULT, result)								\
	ROW(S, POOL_EVENT, outstanding)	/* BUSY: the event that it has to answer */

struct listener_protocol {
	const char *name;               /* of the process; borrowed */
	struct listener_limits *limits; /* borrowed */
	enum result_handler handler;    /* of its pool */
	struct FIELDS(LISTENER_FIELDS);
};

/* Log lines that a listener can cause at will. They outlive its process, because it can
 * also end each time. */
struct listener_limits {
	struct log_limit rejected, bad, unknown;
};

struct listener_protocol_ops {
	/* The event was processed, or else rejected. The callee gets its reference. */
	void (*end)(void *ctx, struct pool_event answered, bool processed);
	/* With RESULT_PRINTED: bytes of a result, before `end`. */
	void (*result)(void *ctx, const char *bytes, size_t n);
};

/* The name of a state: "BUSY"; and the state of a name, or -1. */
const char *listener_protocol_state_name(enum listener_state);
int listener_protocol_state_find(const char *name);

/* The state of a new process; name and limits are borrowed. */
void listener_protocol_init(struct listener_protocol *, const char *name,
    enum result_handler, struct listener_limits *);
/* READY → BUSY: the event was sent. */
void listener_protocol_give(struct listener_protocol *, struct pool_event take);
/* Reads bytes that the process has written. */
void listener_protocol_feed(struct listener_protocol *, const char *bytes, size_t n,
    const struct listener_protocol_ops *, void *ctx);
/* Removes the event that is not answered and returns it; .event is NULL without one. */
struct pool_event listener_protocol_take(struct listener_protocol *);
/* For the state document: whether the fields are consistent. */
bool listener_protocol_is_sound(const struct listener_protocol *);

#endif
