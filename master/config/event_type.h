/* Event type: the types of events, their names and hierarchy. */
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
#define FIELDS_TYPE_EVENT enum event_type /* common/fields.h */

/* "PROCESS_STATE_RUNNING"; the top of the hierarchy is "EVENT". */
const char *event_type_name(enum event_type);
/* Name → type, or -1. */
int event_type_find(const char *name);
/* Whether a subscription to `wanted` covers `type`: it is the same or an ancestor. */
bool event_type_is(enum event_type type, enum event_type wanted);

#endif
