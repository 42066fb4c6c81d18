#include "master/process/id_queue.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 64

int
id_queue_reserve(struct id_queue *q, size_t count)
{
	size_t waiting = id_queue_count(q), room = q->room;
	uint64_t *ids;

	if (q->next > 0 && waiting > 0)
		memmove(q->ids, q->ids + q->next, waiting * sizeof(*ids));
	q->next = 0;
	q->end = waiting;
	if (waiting + count <= room)
		return 0;
	room = 2 * room > waiting + count ? 2 * room : waiting + count;
	ids = reallocarray(q->ids, room, sizeof(*ids));
	if (ids == NULL)
		return -1;
	q->ids = ids;
	q->room = room;
	return 0;
}

int
id_queue_push(struct id_queue *q, uint64_t id)
{
	/* The moves of a long queue stay rare, because each frees at least half of it. */
	if (q->end == q->room &&
	    id_queue_reserve(q, q->room > 0 ? q->room / 2 : ROOM_FIRST) == -1)
		return -1;
	q->ids[q->end++] = id;
	return 0;
}
