#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "common/map.h"

#define MANY 2000

static char values[MANY];

static const char *
key_of(int i, char *buf)
{
	(void)snprintf(buf, 16, "key%d", i);
	return buf;
}

static void
test_basics(void **state)
{
	struct map *m = map_new();
	char key[8] = "a";
	int one, two;

	(void)state;
	assert_non_null(m);
	assert_null(map_get(m, "a"));
	assert_null(map_remove(m, "a"));
	assert_int_equal(map_set(m, key, &one), 0);
	key[0] = 'b';
	assert_ptr_equal(map_get(m, "a"), &one);
	assert_null(map_get(m, "b"));
	assert_int_equal(map_set(m, "", &two), 0);
	assert_ptr_equal(map_get(m, ""), &two);
	assert_int_equal(map_set(m, "a", &two), 0);
	assert_int_equal(map_count(m), 2);
	assert_ptr_equal(map_remove(m, "a"), &two);
	assert_null(map_get(m, "a"));
	assert_int_equal(map_count(m), 1);
	map_free(m);
	map_free(NULL);
}

/* The walk returns the rest of 0 … MANY in order, replaced values at their old place. */
static void
expect_walk(struct map *m, int from, int step)
{
	char buf[16];
	const char *key;
	size_t cursor = 0;
	void *value;
	int want = from;

	while ((value = map_next(m, &cursor, &key)) != NULL) {
		assert_string_equal(key, key_of(want, buf));
		assert_ptr_equal(value, &values[want]);
		assert_ptr_equal(map_get(m, key), value);
		want += step;
	}
	assert_true(want >= MANY);
	assert_null(map_next(m, &cursor, NULL));
}

static void
test_order(void **state)
{
	struct map *m = map_new();
	char buf[16];
	int i;

	(void)state;
	for (i = 0; i < MANY; i++)
		assert_int_equal(map_set(m, key_of(i, buf), &values[i]), 0);
	assert_int_equal(map_set(m, "key0", &values[0]), 0);
	assert_int_equal(map_count(m), MANY);
	expect_walk(m, 0, 1);
	for (i = 0; i < MANY; i++)
		if (i % 3 != 1)
			assert_ptr_equal(map_remove(m, key_of(i, buf)), &values[i]);
	expect_walk(m, 1, 3);
	for (i = 0; i < MANY; i++)
		if (i % 3 != 1)
			assert_null(map_get(m, key_of(i, buf)));
	map_free(m);
}

static void
test_remove_in_walk(void **state)
{
	struct map *m = map_new();
	size_t cursor = 0;
	char buf[16];
	const char *key;
	int i, seen = 0;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(map_set(m, key_of(i, buf), &values[i]), 0);
	while (map_next(m, &cursor, &key) != NULL) {
		(void)snprintf(buf, sizeof(buf), "%s", key);
		assert_non_null(map_remove(m, buf));
		seen++;
	}
	assert_int_equal(seen, 100);
	assert_int_equal(map_count(m), 0);
	map_free(m);
}

/* Entries added and removed again and again do not grow the map. */
static void
test_churn(void **state)
{
	struct map *m = map_new();
	size_t cursor = 0;
	char buf[16];
	int i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		assert_int_equal(map_set(m, key_of(i, buf), &values[i % MANY]), 0);
		if (i >= 5)
			assert_non_null(map_remove(m, key_of(i - 5, buf)));
	}
	assert_int_equal(map_count(m), 5);
	for (i = 0; map_next(m, &cursor, NULL) != NULL; i++)
		continue;
	assert_int_equal(i, 5);
	assert_true(cursor < 64);
	map_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basics),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_remove_in_walk),
		cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
