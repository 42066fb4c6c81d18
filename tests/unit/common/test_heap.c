#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include "common/heap.h"

#define MANY 500

/* A generator of our own, so that a failure is repeated in the next run. */
static unsigned
next_number(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 0x7fff;
}

static void
drain_in_order(struct heap *h, size_t want)
{
	struct heap_node *n, last = { .deadline = INT64_MIN };
	size_t count = 0;

	while ((n = heap_top(h)) != NULL) {
		assert_true(n->deadline >= last.deadline);
		if (n->deadline == last.deadline)
			assert_true(n->order > last.order);
		last = *n;
		heap_remove(h, n);
		assert_int_equal(n->index, HEAP_NONE);
		count++;
	}
	assert_int_equal(count, want);
}

static void
test_order(void **state)
{
	static struct heap_node nodes[MANY];
	struct heap h = { 0 };
	unsigned seed = 7, removed = 0;
	size_t i;

	(void)state;
	assert_int_equal(heap_reserve(&h, MANY), 0);
	for (i = 0; i < MANY; i++)
		heap_insert(&h, &nodes[i], next_number(&seed) % 50);
	for (i = 0; i < MANY; i++) {
		if (next_number(&seed) % 3 != 0)
			continue;
		heap_remove(&h, &nodes[i]);
		removed++;
	}
	assert_true(removed > 0);
	drain_in_order(&h, MANY - removed);
	heap_clear(&h);
}

/* The last node may belong above the place of the one removed. */
static void
test_removed_in_the_middle(void **state)
{
	static const int64_t deadlines[] = { 1, 10, 2, 11, 12, 3, 4 };
	struct heap_node nodes[nitems(deadlines)];
	struct heap h = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(heap_reserve(&h, nitems(nodes)), 0);
	for (i = 0; i < nitems(nodes); i++)
		heap_insert(&h, &nodes[i], deadlines[i]);
	heap_remove(&h, &nodes[3]);
	assert_int_equal(h.len, nitems(nodes) - 1);
	for (i = 1; i < h.len; i++) {
		assert_int_equal(h.nodes[i]->index, i);
		assert_true(h.nodes[i]->deadline >= h.nodes[(i - 1) / 2]->deadline);
	}
	drain_in_order(&h, nitems(nodes) - 1);
	heap_clear(&h);
}

static void
test_reserve(void **state)
{
	struct heap h = { 0 };

	(void)state;
	assert_null(heap_top(&h));
	assert_int_equal(heap_reserve(&h, 0), 0);
	assert_int_equal(heap_reserve(&h, 1), 0);
	assert_true(h.cap >= 1);
	assert_int_equal(heap_reserve(&h, 100), 0);
	assert_true(h.cap >= 100);
	heap_clear(&h);
	assert_int_equal(h.cap, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_removed_in_the_middle),
		cmocka_unit_test(test_reserve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
