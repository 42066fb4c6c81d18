/* Heap: nodes by deadline, the earliest on top; equal deadlines in the order of
 * their insertion. The nodes are embedded in what they belong to. */
#ifndef COMMON_HEAP_H
#define COMMON_HEAP_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
	int64_t deadline;
	uint64_t order;
	size_t place; /* HEAP_NOWHERE when not in the heap */
};

#define HEAP_NOWHERE ((size_t)-1)

struct heap {
	struct heap_node **nodes; /* owned array, borrowed nodes */
	size_t len;
	size_t room;
	uint64_t order;
};

/* Makes room for `nodes` nodes in all, so that heap_insert cannot fail; 0, or -1 with
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
