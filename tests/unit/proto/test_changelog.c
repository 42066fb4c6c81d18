#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "proto/changelog.h"

#define MANY (2 * CHANGELOG_TOMBSTONES)

struct fixture {
	struct changelog log;
	uint64_t seq;
	struct changelog_row rows[3];
};

static size_t dropped;

static void
drop(struct changelog_row *row)
{
	dropped++;
	row->seq = 0;
}

static void
setup(struct fixture *f)
{
	f->seq = 10;
	dropped = 0;
	changelog_init(&f->log, &f->seq, drop);
	for (size_t i = 0; i < nitems(f->rows); i++)
		changelog_add(&f->log, &f->rows[i]);
}

/* Takes the next item: "begin", "end", the number of a row, or "" for none. */
static const char *
take(struct fixture *f, struct changelog_cursor *cursor)
{
	static char text[32];

	if (cursor->phase == CHANGELOG_BEGIN || cursor->phase == CHANGELOG_END) {
		strcpy(text, cursor->phase == CHANGELOG_BEGIN ? "begin" : "end");
		changelog_take_mark(&f->log, cursor);
	} else if (cursor->next != NULL) {
		snprintf(text, sizeof(text), "%d", (int)cursor->next->seq);
		changelog_take(cursor, cursor->next);
	} else {
		*text = '\0';
	}
	return text;
}

/* Takes all items, separated by blanks. */
static void
expect(struct fixture *f, struct changelog_cursor *cursor, const char *expected)
{
	char all[256] = "";
	const char *one;

	while (*(one = take(f, cursor)) != '\0')
		strcat(strcat(all, *all != '\0' ? " " : ""), one);
	assert_string_equal(all, expected);
	assert_int_equal(changelog_reached(cursor), f->seq);
}

static void
test_snapshot_then_changes(void **state UNUSED)
{
	struct changelog_cursor cursor;
	struct fixture f;

	setup(&f);
	changelog_subscribe(&f.log, &cursor);
	assert_int_equal(changelog_reached(&cursor), 0);
	expect(&f, &cursor, "begin 11 12 13 end");
	expect(&f, &cursor, "");
	changelog_change(&f.log, &f.rows[1]);
	changelog_change(&f.log, &f.rows[0]);
	changelog_change(&f.log, &f.rows[1]);
	expect(&f, &cursor, "15 16");
	changelog_unsubscribe(&f.log, &cursor);
}

/* A row that changes before the cursor has reached it comes after the snapshot. */
static void
test_change_during_a_snapshot(void **state UNUSED)
{
	struct changelog_cursor cursor, late;
	struct fixture f;

	setup(&f);
	changelog_subscribe(&f.log, &cursor);
	changelog_subscribe(&f.log, &late);
	assert_string_equal(take(&f, &cursor), "begin");
	assert_string_equal(take(&f, &cursor), "11");
	changelog_change(&f.log, &f.rows[1]);
	assert_string_equal(take(&f, &cursor), "13");
	assert_int_equal(changelog_reached(&cursor), 0);
	expect(&f, &cursor, "end 14");
	expect(&f, &late, "begin 11 13 14 end");
	changelog_change(&f.log, &f.rows[2]);
	expect(&f, &late, "15");
	changelog_unsubscribe(&f.log, &cursor);
	expect(&f, &late, "");
	changelog_unsubscribe(&f.log, &late);
}

static void
test_tombstones_wait_for_cursors(void **state UNUSED)
{
	struct changelog_cursor slow, fresh;
	struct fixture f;

	setup(&f);
	changelog_subscribe(&f.log, &slow);
	expect(&f, &slow, "begin 11 12 13 end");
	changelog_remove(&f.log, &f.rows[0]);
	changelog_remove(&f.log, &f.rows[1]);
	assert_int_equal(dropped, 0);
	assert_string_equal(take(&f, &slow), "14");
	changelog_remove(&f.log, &f.rows[2]);
	assert_int_equal(dropped, 1);
	expect(&f, &slow, "15 16");
	/* A snapshot has the newest tombstone, because that has the newest number. */
	changelog_unsubscribe(&f.log, &slow);
	changelog_subscribe(&f.log, &fresh);
	expect(&f, &fresh, "begin 15 16 end");
	changelog_unsubscribe(&f.log, &fresh);
}

static void
test_tombstones_are_bounded(void **state UNUSED)
{
	struct changelog_row *gone = calloc(MANY, sizeof(*gone));
	struct changelog_cursor idle, fast;
	struct fixture f;

	assert_non_null(gone);
	setup(&f);
	for (size_t i = 0; i < MANY; i++)
		changelog_add(&f.log, &gone[i]);
	changelog_subscribe(&f.log, &idle);
	changelog_subscribe(&f.log, &fast);
	while (*take(&f, &idle) != '\0' || *take(&f, &fast) != '\0')
		;
	for (size_t i = 0; i < CHANGELOG_TOMBSTONES; i++) {
		changelog_remove(&f.log, &gone[i]);
		assert_string_not_equal(take(&f, &fast), "");
	}
	assert_int_equal(dropped, 0);
	assert_int_equal(idle.phase, CHANGELOG_LIVE);
	for (size_t i = CHANGELOG_TOMBSTONES; i < MANY; i++)
		changelog_remove(&f.log, &gone[i]);
	assert_int_equal(dropped, MANY - CHANGELOG_TOMBSTONES);
	assert_int_equal(f.log.ntombstones, CHANGELOG_TOMBSTONES);
	/* Both cursors have missed removals. */
	assert_int_equal(idle.phase, CHANGELOG_BEGIN);
	assert_int_equal(changelog_reached(&idle), 0);
	while (*take(&f, &idle) != '\0')
		;
	assert_int_equal(changelog_reached(&idle), f.seq);
	free(gone);
}

/* A subscriber that returns gets what has changed, unless a removal is forgotten. */
static void
test_resume(void **state UNUSED)
{
	struct changelog_cursor cursor;
	struct fixture f;

	setup(&f);
	f.log.kept = 1;
	assert_true(changelog_resume(&f.log, &cursor, f.seq));
	expect(&f, &cursor, "");
	changelog_unsubscribe(&f.log, &cursor);
	changelog_change(&f.log, &f.rows[2]);
	changelog_remove(&f.log, &f.rows[0]);
	assert_true(changelog_resume(&f.log, &cursor, 13));
	expect(&f, &cursor, "14 15");
	changelog_unsubscribe(&f.log, &cursor);
	assert_true(changelog_resume(&f.log, &cursor, 14));
	changelog_unsubscribe(&f.log, &cursor);
	assert_int_equal(dropped, 0);
	changelog_remove(&f.log, &f.rows[1]);
	assert_int_equal(dropped, 1);
	assert_int_equal(f.log.forgotten, 15);
	assert_false(changelog_resume(&f.log, &cursor, 14));
	assert_false(changelog_resume(&f.log, &cursor, 17));
	assert_true(changelog_resume(&f.log, &cursor, 15));
	expect(&f, &cursor, "16");
	changelog_unsubscribe(&f.log, &cursor);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshot_then_changes),
		cmocka_unit_test(test_change_during_a_snapshot),
		cmocka_unit_test(test_tombstones_wait_for_cursors),
		cmocka_unit_test(test_tombstones_are_bounded),
		cmocka_unit_test(test_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
