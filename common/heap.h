/* Heap: nodes by deadline, the earliest on top; equal deadlines in the order of insertion.
 * A node is embedded in the struct that it belongs to. */
#ifndef COMMON_HEAP_H
#define COMMON_HEAP_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
	int64_t deadline;
	uint64_t order;
	size_t index; /* HEAP_NONE when not in the heap */
};

#define HEAP_NONE ((size_t)-1)

struct heap {
	struct heap_node **nodes; /* owned array, borrowed nodes */
	size_t len;
	size_t cap;
	uint64_t order;
};

/* Allocates for `nodes` nodes in total, so that heap_insert cannot fail; 0, or -1 with
 * ENOMEM. */
NODISCARD int heap_reserve(struct heap *, size_t nodes);
void heap_clear(struct heap *);
void heap_insert(struct heap *, struct heap_node *, int64_t deadline);
void heap_remove(struct heap *, struct heap_node *);
/* The earliest node, borrowed, or NULL. */
static inline struct heap_node *
heap_top(const struct heap *h)
{
	return h->len > 0 ? h->nodes[0] : NULL;
}

#endif
