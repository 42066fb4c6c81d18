#include "rpcd/events/changes.h"

#include "proto/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	struct mirror *mirror;
	struct changes *changes;
	uint64_t seq;
	unsigned calls; /* of `ready` */
};

static void
apply(struct fixture *f, const char *method, json_t *params)
{
	assert_non_null(params);
	json_object_set_new(params, "seq", json_integer((json_int_t)++f->seq));
	assert_int_equal(mirror_apply(f->mirror, method, params), 1);
	json_decref(params);
}

static void
apply_row(struct fixture *f, uint64_t id, const char *name)
{
	struct process_info info = { .id = id, .group = (char[]){ "g" },
		.name = (char *)(uintptr_t)name, .spawnerr = (char[]){ "" },
		.failure = (char[]){ "" }, .stopped_at = (char[]){ "" },
		.stdout_logfile = (char[]){ "" }, .stderr_logfile = (char[]){ "" },
		.waiting_for = (char[]){ "" } };
	json_t *row;
	struct buf out;

	buf_init(&out, 0);
	assert_int_equal(row_write(&out, &info, ROW_MEMBERS), 0);
	row = json_loadb(buf_data(&out), buf_len(&out), 0, NULL);
	apply(f, "stream.process", json_pack("{so}", "process", row));
	buf_clear(&out);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->mirror = mirror_new();
	apply(f, "stream.begin", json_object());
	apply_row(f, 1, "a");
	apply_row(f, 2, "b");
	f->changes = changes_new(f->mirror);
	apply(f, "stream.end", json_object());
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	changes_free(f->changes);
	mirror_free(f->mirror);
	free(f);
	return 0;
}

static void
on_ready(void *ctx)
{
	struct fixture *f = ctx;

	f->calls++;
}

static void
open_cursor(
    struct fixture *f, struct changes_cursor *cursor, const char *id, uint64_t sight)
{
	*cursor = (struct changes_cursor){ .sight = sight, .ready = on_ready, .ctx = f };
	changes_open(f->changes, cursor, id);
}

/* Takes everything: "begin daemon a b end", "-2" for a removal. */
static void
expect(struct changes_cursor *cursor, const char *wanted)
{
	static const char *const words[] = { [CHANGES_BEGIN] = "begin",
		[CHANGES_END] = "end", [CHANGES_DAEMON] = "daemon" };
	struct changes_item item;
	char text[256] = "";
	size_t n = 0;

	while ((item = changes_next(cursor)).kind != CHANGES_NONE) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, n > 0 ? " " : "");
		if (item.kind == CHANGES_ROW)
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "%s", item.info->name);
		else if (item.kind == CHANGES_REMOVED)
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "-%d", (int)item.id);
		else
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "%s", words[item.kind]);
		changes_take(cursor);
	}
	assert_string_equal(text, wanted);
}

static void
test_snapshot_and_changes(void **state)
{
	struct fixture *f = *state;
	struct changes_cursor cursor;
	char id[CHANGES_ID_MAX];

	open_cursor(f, &cursor, NULL, 0);
	changes_id(&cursor, id);
	assert_string_equal(id, "");
	expect(&cursor, "begin daemon a b end");
	assert_int_equal(f->calls, 0);
	apply_row(f, 2, "b");
	apply_row(f, 3, "c");
	apply(f, "stream.removed", json_pack("{si}", "id", 1));
	assert_int_equal(f->calls, 3);
	expect(&cursor, "b c -1");
	changes_close(&cursor);
	changes_close(&cursor);
	apply_row(f, 3, "c");
	assert_int_equal(f->calls, 3);
}

static void
test_return(void **state)
{
	struct fixture *f = *state;
	struct changes_cursor cursor;
	char id[CHANGES_ID_MAX], other[CHANGES_ID_MAX + 1];

	open_cursor(f, &cursor, "nonsense", 0);
	expect(&cursor, "begin daemon a b end");
	changes_id(&cursor, id);
	changes_close(&cursor);
	apply_row(f, 1, "x");
	apply(f, "stream.removed", json_pack("{si}", "id", 2));
	open_cursor(f, &cursor, id, 0);
	expect(&cursor, "x -2");
	changes_close(&cursor);
	/* Ids of another process, and of the future. */
	snprintf(other, sizeof(other), "1%s", id);
	open_cursor(f, &cursor, other, 0);
	assert_int_equal(changes_next(&cursor).kind, CHANGES_BEGIN);
	changes_close(&cursor);
	snprintf(other, sizeof(other), "%s9", id);
	open_cursor(f, &cursor, other, 0);
	assert_int_equal(changes_next(&cursor).kind, CHANGES_BEGIN);
	changes_close(&cursor);
}

/* Who sees other processes than before gets all of them. */
static void
test_return_with_other_rights(void **state)
{
	struct fixture *f = *state;
	struct changes_cursor cursor;
	char id[CHANGES_ID_MAX];

	open_cursor(f, &cursor, NULL, 7);
	expect(&cursor, "begin daemon a b end");
	changes_id(&cursor, id);
	changes_close(&cursor);
	open_cursor(f, &cursor, id, 7);
	assert_int_equal(changes_next(&cursor).kind, CHANGES_NONE);
	changes_close(&cursor);
	for (uint64_t sight = 0; sight < 16; sight += 8) {
		open_cursor(f, &cursor, id, sight);
		assert_int_equal(changes_next(&cursor).kind, CHANGES_BEGIN);
		changes_close(&cursor);
	}
}

/* The names of a removed row are known until its removal is forgotten. */
static void
test_forgotten(void **state)
{
	struct fixture *f = *state;
	struct changes_cursor cursor;
	char id[CHANGES_ID_MAX];

	open_cursor(f, &cursor, NULL, 0);
	expect(&cursor, "begin daemon a b end");
	changes_id(&cursor, id);
	apply(f, "stream.removed", json_pack("{si}", "id", 1));
	assert_string_equal(changes_next(&cursor).name, "a");
	expect(&cursor, "-1");
	changes_close(&cursor);
	for (uint64_t i = 10; i < 10 + CHANGES_KEPT; i++) {
		apply_row(f, i, "n");
		apply(f, "stream.removed", json_pack("{sI}", "id", (json_int_t)i));
	}
	open_cursor(f, &cursor, id, 0);
	assert_int_equal(changes_next(&cursor).kind, CHANGES_BEGIN);
	changes_close(&cursor);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_snapshot_and_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_return, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_return_with_other_rights, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forgotten, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
