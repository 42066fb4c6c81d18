/* Tree table: which processes belong to the tree of a program. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "master/child/tree_table.h"

#include <stdio.h>
#include <string.h>

struct row {
	pid_t pid, parent, group;
	uint64_t start;
	char state;
	bool marked;
};

static struct tree_table
table_of(const struct row *rows, size_t n)
{
	struct tree_table table = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct procstat stat = {
			.pid = rows[i].pid,
			.parent = rows[i].parent,
			.group = rows[i].group,
			.start = rows[i].start,
			.state = rows[i].state,
		};

		assert_int_equal(tree_table_add(&table, &stat, rows[i].marked), 0);
	}
	return table;
}

/* The pids that were found and have not ended, and their number. */
static void
expect(const struct row *rows, size_t n, pid_t main, const struct tree_table *before,
    const char *want)
{
	struct tree_table table = table_of(rows, n);
	size_t alive = tree_table_decide(&table, main, before);
	char got[256] = "";

	tree_table_keep_found(&table);
	assert_int_equal(alive, table.count);
	for (size_t i = 0; i < table.count; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%d ",
		    (int)table.list[i].pid);
	assert_string_equal(got, want);
	tree_table_clear(&table);
}

/* In no order: 10 is the program, 11 and 12 its descendants, 13 in its group, 20 a daemon
 * of its own with the mark, 21 its child, 30 another program. */
static const struct row machine[] = {
	{ 21, 20, 20, 60, 'S', false },
	{ 30, 5, 30, 50, 'R', false },
	{ 12, 11, 11, 53, 'S', false },
	{ 11, 10, 11, 52, 'S', false },
	{ 10, 5, 10, 51, 'S', true },
	{ 13, 1, 10, 54, 'S', false },
	{ 20, 1, 20, 55, 'D', true },
	{ 14, 10, 10, 56, 'Z', false },
	{ 5, 1, 5, 1, 'S', false },
};

static void
test_members(void **state)
{
	const struct tree_table none = { 0 };
	const struct row known[] = { { 12, 11, 11, 53, 'S', false } };
	struct tree_table before = table_of(known, 1);

	(void)state;
	expect(machine, 9, 10, &none, "10 11 12 13 20 21 ");
	/* It has ended: its pid and group may be those of others. */
	expect(machine, 4, 0, &none, "");
	expect(machine, 4, 0, &before, "12 ");
	expect(machine, 0, 10, &none, "");
	tree_table_clear(&before);
}

/* A pid that was used again is not the process that was found before, and is no parent. */
static void
test_used_again(void **state)
{
	const struct tree_table none = { 0 };
	const struct row known[] = { { 12, 11, 11, 99, 'S', false } };
	const struct row rows[] = {
		{ 10, 1, 10, 70, 'S', false },
		{ 11, 10, 11, 60, 'S', false },
		{ 12, 11, 11, 80, 'S', false },
	};
	struct tree_table before = table_of(known, 1);

	(void)state;
	expect(rows, 3, 10, &none, "10 ");
	expect(rows, 3, 0, &before, "");
	tree_table_clear(&before);
}

/* Parents that lead in a circle, which only a pid that was used again can cause. */
static void
test_circle(void **state)
{
	const struct tree_table none = { 0 };
	const struct row rows[] = {
		{ 10, 12, 10, 1, 'S', false },
		{ 11, 10, 11, 1, 'S', false },
		{ 12, 11, 12, 1, 'S', false },
	};

	(void)state;
	expect(rows, 3, 0, &none, "");
	expect(rows, 3, 11, &none, "10 11 12 ");
}

static void
test_variable(void **state)
{
	static const char text[] = "A=1\0REEVE_SPAWN=12\0B=2";

	(void)state;
	assert_true(tree_table_has_variable(text, sizeof(text), "REEVE_SPAWN=12"));
	assert_true(tree_table_has_variable(text, sizeof(text), "A=1"));
	assert_true(tree_table_has_variable(text, sizeof(text), "B=2"));
	assert_false(tree_table_has_variable(text, sizeof(text), "REEVE_SPAWN=1"));
	assert_false(tree_table_has_variable(text, sizeof(text), "REEVE_SPAWN=123"));
	assert_false(tree_table_has_variable(text, sizeof(text), "EVE_SPAWN=12"));
	/* A variable that is cut is none. */
	assert_false(tree_table_has_variable(text, 12, "REEVE_SPAWN=12"));
	assert_false(tree_table_has_variable(text, 0, "A=1"));
	assert_false(tree_table_has_variable("\0\0\0", 3, "A=1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_used_again),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_variable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
