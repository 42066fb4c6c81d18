/* Id queue: numbers of processes that wait their turn. A number is never reused, so a
 * process that is freed leaves nothing dangling. */
#ifndef MASTER_PROCESS_ID_QUEUE_H
#define MASTER_PROCESS_ID_QUEUE_H

#include "common/compiler.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Empty when all zero. */
struct id_queue {
	uint64_t *ids;          /* owned */
	size_t next, end, room; /* those from `next` up to `end` wait */
};
#define FIELDS_TYPE_IDS struct id_queue /* common/fields.h */

/* Makes space for so many more; 0, or -1 with ENOMEM. */
NODISCARD int id_queue_reserve(struct id_queue *, size_t count);
/* 0, or -1 with ENOMEM. */
NODISCARD int id_queue_push(struct id_queue *, uint64_t id);

/* The first, which leaves; 0 when it is empty. */
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
