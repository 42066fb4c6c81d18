#include "master/config/event_type.h"

#include "common/str.h"
#include "common/utf8.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum event_type parent;
} types[EVENT_TYPE_MAX] = {
    [EVENT_ANY] = {"EVENT", EVENT_ANY},
    [EVENT_PROCESS_STATE] = {"PROCESS_STATE", EVENT_ANY},
    [EVENT_PROCESS_STATE_STOPPED] = {"PROCESS_STATE_STOPPED", EVENT_PROCESS_STATE},
    [EVENT_PROCESS_STATE_STARTING] = {"PROCESS_STATE_STARTING", EVENT_PROCESS_STATE},
    [EVENT_PROCESS_STATE_RUNNING] = {"PROCESS_STATE_RUNNING", EVENT_PROCESS_STATE},
    [EVENT_PROCESS_STATE_BACKOFF] = {"PROCESS_STATE_BACKOFF", EVENT_PROCESS_STATE},
    [EVENT_PROCESS_STATE_STOPPING] = {"PROCESS_STATE_STOPPING", EVENT_PROCESS_STATE},
    [EVENT_PROCESS_STATE_EXITED] = {"PROCESS_STATE_EXITED", EVENT_PROCESS_STATE},
    [EVENT_PROCESS_STATE_FATAL] = {"PROCESS_STATE_FATAL", EVENT_PROCESS_STATE},
    [EVENT_PROCESS_STATE_UNKNOWN] = {"PROCESS_STATE_UNKNOWN", EVENT_PROCESS_STATE},
    [EVENT_PROCESS_COMMUNICATION] = {"PROCESS_COMMUNICATION", EVENT_ANY},
    [EVENT_PROCESS_COMMUNICATION_STDOUT] = {"PROCESS_COMMUNICATION_STDOUT",
        EVENT_PROCESS_COMMUNICATION},
    [EVENT_PROCESS_COMMUNICATION_STDERR] = {"PROCESS_COMMUNICATION_STDERR",
        EVENT_PROCESS_COMMUNICATION},
    [EVENT_PROCESS_LOG] = {"PROCESS_LOG", EVENT_ANY},
    [EVENT_PROCESS_LOG_STDOUT] = {"PROCESS_LOG_STDOUT", EVENT_PROCESS_LOG},
    [EVENT_PROCESS_LOG_STDERR] = {"PROCESS_LOG_STDERR", EVENT_PROCESS_LOG},
    [EVENT_REMOTE_COMMUNICATION] = {"REMOTE_COMMUNICATION", EVENT_ANY},
    [EVENT_SUPERVISOR_STATE_CHANGE] = {"SUPERVISOR_STATE_CHANGE", EVENT_ANY},
    [EVENT_SUPERVISOR_STATE_CHANGE_RUNNING] = {"SUPERVISOR_STATE_CHANGE_RUNNING",
        EVENT_SUPERVISOR_STATE_CHANGE},
    [EVENT_SUPERVISOR_STATE_CHANGE_STOPPING] = {"SUPERVISOR_STATE_CHANGE_STOPPING",
        EVENT_SUPERVISOR_STATE_CHANGE},
    [EVENT_TICK] = {"TICK", EVENT_ANY},
    [EVENT_TICK_5] = {"TICK_5", EVENT_TICK},
    [EVENT_TICK_60] = {"TICK_60", EVENT_TICK},
    [EVENT_TICK_3600] = {"TICK_3600", EVENT_TICK},
    [EVENT_PROCESS_GROUP] = {"PROCESS_GROUP", EVENT_ANY},
    [EVENT_PROCESS_GROUP_ADDED] = {"PROCESS_GROUP_ADDED", EVENT_PROCESS_GROUP},
    [EVENT_PROCESS_GROUP_REMOVED] = {"PROCESS_GROUP_REMOVED", EVENT_PROCESS_GROUP},
};

const char *
event_type_name(enum event_type type)
{
	return types[type].name;
}

int
event_type_find(const char *name)
{
	for (int i = 0; i < EVENT_TYPE_MAX; i++)
		if (str_equal(types[i].name, name))
			return i;
	return -1;
}

bool
event_type_is(enum event_type type, enum event_type wanted)
{
	while (type != wanted && type != EVENT_ANY)
		type = types[type].parent;
	return type == wanted;
}

/* --- one event ------------------------------------------------------------------- */

static size_t
count_characters(const char *text, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)text[i] & 0xC0) != 0x80;
	return count;
}

static struct event *
assemble(enum event_type type, uint64_t serial, const char *const parts[3],
    const size_t sizes[3])
{
	size_t size = sizes[0] + sizes[1] + sizes[2];
	struct event *event = malloc(sizeof(*event) + size);
	char *end;

	if (event == NULL)
		return NULL;
	*event = (struct event){.refs = 1, .type = type, .serial = serial, .size = size};
	end = event->payload;
	for (int i = 0; i < 3; i++) {
		if (sizes[i] > 0)
			memcpy(end, parts[i], sizes[i]);
		end += sizes[i];
	}
	event->characters = count_characters(event->payload, size);
	return event;
}

struct event *
event_new(enum event_type type, uint64_t serial, const char *head, const char *data,
    size_t n)
{
	static const char prefix[] = "Undecodable: b";
	struct event *event;
	char *shown;

	if (str_is_utf8(data, n))
		return assemble(type, serial, (const char *const[]){head, "", data},
		    (const size_t[]){strlen(head), 0, n});
	shown = str_repr_bytes(data, n);
	if (shown == NULL)
		return NULL;
	event = assemble(type, serial, (const char *const[]){head, prefix, shown},
	    (const size_t[]){strlen(head), sizeof(prefix) - 1, strlen(shown)});
	free(shown);
	return event;
}

struct event *
event_ref(struct event *event)
{
	event->refs++;
	return event;
}

void
event_unref(struct event *event)
{
	if (event != NULL && --event->refs == 0)
		free(event);
}
