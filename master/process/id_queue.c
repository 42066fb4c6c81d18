#include "master/process/id_queue.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 64

int
id_queue_reserve(struct id_queue *q, size_t count)
{
	size_t waiting = id_queue_count(q), capacity = q->capacity;
	uint64_t *ids;

	if (q->next > 0 && waiting > 0)
		memmove(q->ids, q->ids + q->next, waiting * sizeof(*ids));
	q->next = 0;
	q->end = waiting;
	if (waiting + count <= capacity)
		return 0;
	capacity = 2 * capacity > waiting + count ? 2 * capacity : waiting + count;
	ids = reallocarray(q->ids, capacity, sizeof(*ids));
	if (ids == NULL)
		return -1;
	q->ids = ids;
	q->capacity = capacity;
	return 0;
}

int
id_queue_push(struct id_queue *q, uint64_t id)
{
	/* Moving a long queue stays rare, because each move frees at least half of it. */
	if (q->end == q->capacity &&
	    id_queue_reserve(q, q->capacity > 1 ? q->capacity / 2 : CAPACITY_FIRST) == -1)
		return -1;
	q->ids[q->end++] = id;
	return 0;
}
