/* Event: the kinds of event, their hierarchy, and one event on its way to the pools that
 * wait for it (reference 7.1, 7.3). */
#ifndef MASTER_CONFIG_EVENT_TYPE_H
#define MASTER_CONFIG_EVENT_TYPE_H

#include "common/compiler.h"
#include "common/fields.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_type {
	EVENT_ANY,
	EVENT_PROCESS_STATE,
	EVENT_PROCESS_STATE_STOPPED,
	EVENT_PROCESS_STATE_STARTING,
	EVENT_PROCESS_STATE_RUNNING,
	EVENT_PROCESS_STATE_BACKOFF,
	EVENT_PROCESS_STATE_STOPPING,
	EVENT_PROCESS_STATE_EXITED,
	EVENT_PROCESS_STATE_FATAL,
	EVENT_PROCESS_STATE_UNKNOWN,
	EVENT_PROCESS_COMMUNICATION,
	EVENT_PROCESS_COMMUNICATION_STDOUT,
	EVENT_PROCESS_COMMUNICATION_STDERR,
	EVENT_PROCESS_LOG,
	EVENT_PROCESS_LOG_STDOUT,
	EVENT_PROCESS_LOG_STDERR,
	EVENT_REMOTE_COMMUNICATION,
	EVENT_SUPERVISOR_STATE_CHANGE,
	EVENT_SUPERVISOR_STATE_CHANGE_RUNNING,
	EVENT_SUPERVISOR_STATE_CHANGE_STOPPING,
	EVENT_TICK,
	EVENT_TICK_5,
	EVENT_TICK_60,
	EVENT_TICK_3600,
	EVENT_PROCESS_GROUP,
	EVENT_PROCESS_GROUP_ADDED,
	EVENT_PROCESS_GROUP_REMOVED,
	EVENT_TYPE_MAX
};
#define FIELDS_TYPE_EVENT enum event_type	/* common/fields.h */

/* "PROCESS_STATE_RUNNING"; the top of the hierarchy is "EVENT". */
const char *event_type_name(enum event_type);
/* Name → type, or -1. */
int event_type_find(const char *name);
/* Whether who subscribes to `wanted` gets a `type`: they are the same, or it is above. */
bool event_type_is(enum event_type type, enum event_type wanted);

/* What the state document has of an event, beside the payload. */
#define EVENT_FIELDS(ROW, S)								\
	ROW(S, EVENT, type)								\
	ROW(S, U64, serial)

/* One event; pools share it. */
struct event {
	unsigned refs;
	struct FIELDS(EVENT_FIELDS);
	size_t size;		/* bytes of the payload … */
	size_t characters;	/* … which is UTF-8 */
	char payload[];
};

/* New, one reference: the head, and then data, if that is UTF-8, or its bytes as Python
 * would show them, "Undecodable: b'…'". NULL with ENOMEM. */
struct event *event_new(enum event_type, uint64_t serial, const char *head,
    const char *data, size_t n);
struct event *event_ref(struct event *);
void event_unref(struct event *);	/* NULL is fine */

#endif
