/* Id queue: the order of ids, with and without reserved space. */
#include "master/process/id_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

/* Pushes and pops the same number of ids several times, so that they move in the buffer. */
static void
check_order(struct id_queue *q, uint64_t count)
{
	uint64_t pushed = 0, popped = 0;

	for (int round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < count; i++)
			assert_int_equal(id_queue_push(q, ++pushed), 0);
		assert_in_range(q->end, 1, q->capacity);
		for (uint64_t i = 0; i + 1 < count; i++)
			assert_int_equal(id_queue_pop(q), ++popped);
	}
	while (popped < pushed)
		assert_int_equal(id_queue_pop(q), ++popped);
	assert_int_equal(id_queue_pop(q), 0);
	assert_int_equal(id_queue_count(q), 0);
	id_queue_clear(q);
}

static void
test_order(void **state UNUSED)
{
	struct id_queue q = { 0 };

	assert_int_equal(id_queue_pop(&q), 0);
	for (uint64_t count = 1; count < 200; count++)
		check_order(&q, count);
}

/* A queue with exactly as much space as was reserved grows like any other. */
static void
test_reserved(void **state UNUSED)
{
	struct id_queue q = { 0 };

	for (size_t reserved = 0; reserved < 6; reserved++)
		for (uint64_t count = 1; count < 20; count++) {
			assert_int_equal(id_queue_reserve(&q, reserved), 0);
			check_order(&q, count);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
