/* Event: one event with its payload, which the pools share that wait for it. */
#ifndef MASTER_EVENT_EVENT_H
#define MASTER_EVENT_EVENT_H

#include "common/fields.h"
#include "master/config/event_type.h"

#include <stddef.h>

/* What the state document has of an event, beside the payload. */
#define EVENT_FIELDS(ROW, S)								\
	ROW(S, EVENT, type)								\
	ROW(S, U64, serial)

struct event {
	unsigned refs;
	struct FIELDS(EVENT_FIELDS);
	size_t size;       /* bytes of the payload … */
	size_t characters; /* … which is UTF-8 */
	char payload[];
};

/* New, one reference, with a copy of the payload. NULL with ENOMEM. */
struct event *event_new(enum event_type, uint64_t serial, const char *payload, size_t n);
struct event *event_ref(struct event *);
void event_unref(struct event *); /* NULL is fine */

#endif
