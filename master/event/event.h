/* Event: an event with its payload, shared by the pools whose queues it is in. */
#ifndef MASTER_EVENT_EVENT_H
#define MASTER_EVENT_EVENT_H

#include "common/fields.h"
#include "master/config/event_type.h"

#include <stddef.h>

/* Its fields in the state document, which has the payload as well. */
#define EVENT_FIELDS(ROW, S)								\
	ROW(S, EVENT, type)								\
	ROW(S, U64, serial)

struct event {
	unsigned refs;
	struct FIELDS(EVENT_FIELDS);
	size_t size;       /* of the payload in bytes */
	size_t characters; /* of the payload, which is UTF-8 */
	char payload[];
};

/* New, with one reference and a copy of the payload. NULL with ENOMEM. */
struct event *event_new(enum event_type, uint64_t serial, const char *payload, size_t n);
struct event *event_ref(struct event *);
void event_unref(struct event *); /* NULL is fine */

#endif
