#include "common/heap.h"

#include <stdlib.h>

#define HEAP_MIN 16

static bool
heap_before(const struct heap_node *a, const struct heap_node *b)
{
	return a->deadline != b->deadline ? a->deadline < b->deadline : a->order < b->order;
}

static void
heap_put(struct heap *h, size_t index, struct heap_node *n)
{
	h->nodes[index] = n;
	n->index = index;
}

static void
heap_up(struct heap *h, size_t index, struct heap_node *n)
{
	size_t parent;

	for (; index > 0; index = parent) {
		parent = (index - 1) / 2;
		if (!heap_before(n, h->nodes[parent]))
			break;
		heap_put(h, index, h->nodes[parent]);
	}
	heap_put(h, index, n);
}

static void
heap_down(struct heap *h, size_t index, struct heap_node *n)
{
	size_t child;

	for (; (child = 2 * index + 1) < h->len; index = child) {
		if (child + 1 < h->len && heap_before(h->nodes[child + 1], h->nodes[child]))
			child++;
		if (!heap_before(h->nodes[child], n))
			break;
		heap_put(h, index, h->nodes[child]);
	}
	heap_put(h, index, n);
}

int
heap_reserve(struct heap *h, size_t nodes)
{
	size_t cap = h->cap > 0 ? h->cap : HEAP_MIN;
	struct heap_node **grown;

	if (nodes <= h->cap)
		return 0;
	while (cap < nodes)
		cap *= 2;
	grown = reallocarray(h->nodes, cap, sizeof(struct heap_node *));
	if (grown == NULL)
		return -1;
	h->nodes = grown;
	h->cap = cap;
	return 0;
}

void
heap_clear(struct heap *h)
{
	free(h->nodes);
	*h = (struct heap){ 0 };
}

void
heap_insert(struct heap *h, struct heap_node *n, int64_t deadline)
{
	n->deadline = deadline;
	n->order = ++h->order;
	heap_up(h, h->len++, n);
}

void
heap_remove(struct heap *h, struct heap_node *n)
{
	struct heap_node *last = h->nodes[--h->len];
	size_t index = n->index;

	n->index = HEAP_NONE;
	if (last == n)
		return;
	if (index > 0 && heap_before(last, h->nodes[(index - 1) / 2]))
		heap_up(h, index, last);
	else
		heap_down(h, index, last);
}
