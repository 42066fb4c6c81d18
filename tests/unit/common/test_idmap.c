#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "common/map.h"

#define MANY 5000

static char values[MANY];

static void
test_basics(void **state)
{
	struct idmap *m = idmap_new();
	int one, two;

	(void)state;
	assert_non_null(m);
	assert_null(idmap_get(m, 0));
	assert_null(idmap_remove(m, 0));
	assert_int_equal(idmap_set(m, 0, &one), 0);
	assert_int_equal(idmap_set(m, UINT64_MAX, &two), 0);
	assert_ptr_equal(idmap_get(m, 0), &one);
	assert_ptr_equal(idmap_get(m, UINT64_MAX), &two);
	assert_int_equal(idmap_set(m, 0, &two), 0);
	assert_int_equal(idmap_count(m), 2);
	assert_ptr_equal(idmap_remove(m, 0), &two);
	assert_null(idmap_get(m, 0));
	assert_null(idmap_remove(m, 0));
	assert_int_equal(idmap_count(m), 1);
	idmap_free(m);
	idmap_free(NULL);
}

static void
test_many(void **state)
{
	struct idmap *m = idmap_new();
	bool seen[MANY] = { false };
	size_t cursor = 0, n = 0;
	uint64_t key;
	void *value;
	int i;

	(void)state;
	for (i = 0; i < MANY; i++)
		assert_int_equal(idmap_set(m, (uint64_t)i << 20, &values[i]), 0);
	for (i = 0; i < MANY; i += 2)
		assert_ptr_equal(idmap_remove(m, (uint64_t)i << 20), &values[i]);
	for (i = 0; i < MANY; i++)
		assert_ptr_equal(
		    idmap_get(m, (uint64_t)i << 20), i % 2 == 0 ? NULL : &values[i]);
	while ((value = idmap_next(m, &cursor, &key)) != NULL) {
		i = (int)(key >> 20);
		assert_ptr_equal(value, &values[i]);
		assert_false(seen[i]);
		seen[i] = true;
		n++;
	}
	assert_int_equal(n, MANY / 2);
	assert_int_equal(idmap_count(m), MANY / 2);
	idmap_free(m);
}

static void
test_remove_in_walk(void **state)
{
	struct idmap *m = idmap_new();
	size_t cursor = 0, n = 0;
	uint64_t key;

	(void)state;
	for (key = 1; key <= 1000; key++)
		assert_int_equal(idmap_set(m, key, &values[key]), 0);
	while (idmap_next(m, &cursor, &key) != NULL) {
		assert_ptr_equal(idmap_remove(m, key), &values[key]);
		n++;
	}
	assert_int_equal(n, 1000);
	assert_int_equal(idmap_count(m), 0);
	idmap_free(m);
}

/* With pids added and removed for years the table stays small. */
static void
test_churn(void **state)
{
	struct idmap *m = idmap_new();
	size_t cursor = 0;
	uint64_t i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		assert_int_equal(idmap_set(m, i, &values[i % MANY]), 0);
		if (i >= 10)
			assert_non_null(idmap_remove(m, i - 10));
	}
	assert_int_equal(idmap_count(m), 10);
	for (i = 0; idmap_next(m, &cursor, NULL) != NULL; i++)
		continue;
	assert_int_equal(i, 10);
	assert_true(cursor <= 65);
	idmap_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basics),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_remove_in_walk),
		cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
