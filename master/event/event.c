#include "master/event/event.h"

#include <stdlib.h>
#include <string.h>

struct event *
event_new(enum event_type type, uint64_t serial, const char *payload, size_t n)
{
	struct event *event = malloc(sizeof(*event) + n);

	if (event == NULL)
		return NULL;
	*event = (struct event){ .refs = 1, .type = type, .serial = serial, .size = n };
	if (n > 0)
		memcpy(event->payload, payload, n);
	for (size_t i = 0; i < n; i++)
		event->characters += ((unsigned char)payload[i] & 0xC0) != 0x80;
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
