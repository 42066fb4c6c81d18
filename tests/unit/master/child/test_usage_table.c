/* Usage table: which processes belong to which program, sums, and shares of the CPU. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>

#include "common/compiler.h"
#include "master/child/usage_table.h"

#define ID(pid) ((uint64_t)(1000 - (pid)))

struct line {
	pid_t pid, parent, group, session;
	uint64_t ticks;
};

/* Programs with the pids 10, 30 and 50, and these processes, at a time in seconds. */
static struct usage_table
make(const struct line *lines, size_t count, int64_t second)
{
	struct usage_table table;

	usage_table_init(&table, 10, 4096);
	for (pid_t pid = 50; pid >= 10; pid -= 20)
		assert_int_equal(usage_table_add(&table, ID(pid), 7, pid), 0);
	usage_table_sort(&table);
	for (size_t i = 0; i < count; i++) {
		const struct procstat stat = {
			.pid = lines[i].pid,
			.parent = lines[i].parent,
			.group = lines[i].group,
			.session = lines[i].session,
			.ticks = lines[i].ticks,
			.pages = 2,
		};

		assert_int_equal(usage_table_add_process(&table, &stat, second * 1000), 0);
	}
	usage_table_sort(&table);
	for (size_t i = 0; i < count; i++)
		(void)usage_table_count(&table, i);
	return table;
}

static void
expect(const struct usage_table *table, pid_t pid, int processes, int64_t cpu_ms)
{
	const struct usage_row *row = usage_table_find(table, ID(pid));

	assert_non_null(row);
	assert_int_equal(row->pid, pid);
	assert_int_equal(row->processes, processes);
	assert_int_equal(row->cpu_ms, cpu_ms);
	assert_int_equal(row->rss, processes * 8192);
}

static const struct usage_table none;

/* By group, by session, by parents; neither the daemon (5) nor its other children. */
static void
test_owners(void **state)
{
	static const struct line lines[] = {
		{ 1, 0, 1, 1, 1 },
		{ 5, 1, 5, 5, 1 },
		{ 6, 5, 6, 5, 1 },	/* reeve-rpcd */
		{ 10, 5, 10, 5, 100 },
		{ 30, 5, 30, 5, 200 },
		{ 12, 10, 10, 5, 1 },	/* in the group of 10 */
		{ 13, 1, 10, 5, 2 },	/* the same, after its parent ended */
		{ 14, 12, 14, 14, 3 },	/* a group of its own */
		{ 15, 14, 15, 14, 4 },	/* its child in a third group */
		{ 9, 15, 9, 9, 5 },	/* a child with a lower pid */
		{ 31, 1, 31, 30, 6 },	/* in the session of 30 */
		{ 40, 41, 40, 40, 1 },	/* a circle of parents, from pids used again */
		{ 41, 40, 41, 41, 1 },
		{ 42, 77, 42, 42, 1 },	/* the parent has gone */
	};
	struct usage_table table = make(lines, nitems(lines), 1);

	(void)state;
	usage_table_finish(&table, &none);
	expect(&table, 10, 6, 1150);
	expect(&table, 30, 2, 2060);
	expect(&table, 50, 0, 0);
	assert_int_equal(usage_table_find(&table, ID(10))->at_ms, 1000);
	assert_int_equal(usage_table_find(&table, ID(50))->at_ms, 0);
	assert_int_equal(usage_table_find(&table, ID(10))->permille, USAGE_UNKNOWN);
	assert_null(usage_table_find(&table, ID(12)));
	assert_null(usage_table_find(&none, ID(12)));
	usage_table_clear(&table);
}

static int
share(int64_t seconds, uint64_t before, uint64_t after, uint64_t spawn)
{
	const struct line first = { 10, 5, 10, 5, before },
			  second = { 10, 5, 10, 5, after };
	struct usage_table old = make(&first, 1, 1), new = make(&second, 1, 1 + seconds);
	int permille;

	usage_table_finish(&old, &none);
	for (size_t i = 0; i < new.count; i++)
		new.rows[i].spawn = spawn;
	usage_table_finish(&new, &old);
	permille = usage_table_find(&new, ID(10))->permille;
	usage_table_clear(&old);
	usage_table_clear(&new);
	return permille;
}

static void
test_shares(void **state)
{
	(void)state;
	assert_int_equal(share(2, 100, 300, 7), 1000);
	assert_int_equal(share(2, 100, 125, 7), 125);
	assert_int_equal(share(2, 100, 100, 7), 0);
	/* A child has ended without being waited for. */
	assert_int_equal(share(2, 100, 50, 7), 0);
	assert_int_equal(share(2, 0, INT64_MAX / 2000000, 7), INT_MAX);
	/* Another run of the program; no time between; a sample that is too old. */
	assert_int_equal(share(2, 100, 300, 8), USAGE_UNKNOWN);
	assert_int_equal(share(0, 100, 300, 7), USAGE_UNKNOWN);
	assert_int_equal(share(120, 100, 12100, 7), 1000);
	assert_int_equal(share(121, 100, 12100, 7), USAGE_UNKNOWN);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_shares),
	};

	return cmocka_run_group_tests_name("usage_table", tests, NULL, NULL);
}
