/* Id queue: a queue of processes by id. Ids are never reused, so a process that was freed
 * leaves no dangling pointer. */
#ifndef MASTER_PROCESS_ID_QUEUE_H
#define MASTER_PROCESS_ID_QUEUE_H

#include "common/compiler.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Empty when all zero. */
struct id_queue {
	uint64_t *ids; /* owned; those from `next` up to `end` wait */
	size_t next, end, capacity;
};
#define FIELDS_TYPE_IDS struct id_queue /* common/fields.h */

/* Reserves space for `count` more. 0, or -1 with ENOMEM. */
NODISCARD int id_queue_reserve(struct id_queue *, size_t count);
/* 0, or -1 with ENOMEM. */
NODISCARD int id_queue_push(struct id_queue *, uint64_t id);

/* Removes and returns the first id; 0 = empty. */
static inline uint64_t
id_queue_pop(struct id_queue *q)
{
	return q->next < q->end ? q->ids[q->next++] : 0;
}

static inline size_t
id_queue_count(const struct id_queue *q)
{
	return q->end - q->next;
}

static inline void
id_queue_clear(struct id_queue *q)
{
	free(q->ids);
	*q = (struct id_queue){ 0 };
}

#endif
