/* State stream: order, merging of changes, tombstones, and the shared page. */
#include "tests/unit/master/control/streams.h"

#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void
snapshot_then_nothing(void **state)
{
	struct fixture *f = *state;
	struct cursor *cursor =
	    state_stream_subscribe(f->state_stream, grant_of_role(ROLE_ADMIN));

	assert_int_equal(state_stream_reached(cursor), 0);
	expect(cursor, "stream.begin", 0, 0);
	expect(cursor, "stream.daemon", 41, 0);
	expect(cursor, "stream.rows", 44, 123);
	expect(cursor, "stream.end", 44, 0);
	assert_null(next_frame(cursor));
	assert_int_equal(state_stream_reached(cursor), f->seq);
	state_stream_unsubscribe(cursor);
}

/* A frame ends with the row that fills it, or before a row that is no process. */
static void
snapshot_in_parts(void **state)
{
	struct fixture *f = *state;
	struct cursor *cursor =
	    state_stream_subscribe(f->state_stream, grant_of_role(ROLE_ADMIN));

	memset(f->error, 'x', sizeof(f->error) - 1);
	expect(cursor, "stream.begin", 0, 0);
	expect(cursor, "stream.daemon", 41, 0);
	expect(cursor, "stream.rows", 42, 1);
	f->error[sizeof(f->error) / 2] = '\0';
	expect(cursor, "stream.rows", 44, 23);
	expect(cursor, "stream.end", 44, 0);
	state_stream_unsubscribe(cursor);
	cursor = state_stream_subscribe(f->state_stream, grant_of_role(ROLE_ADMIN));
	expect(cursor, "stream.begin", 0, 0);
	state_stream_removed(f->state_stream, &f->processes[1]);
	expect(cursor, "stream.daemon", 41, 0);
	expect(cursor, "stream.rows", 44, 13);
	expect(cursor, "stream.end", 44, 0);
	expect(cursor, "stream.removed", 45, 2);
	state_stream_unsubscribe(cursor);
}

/* Out of memory, no frame is taken and no partial frame is left. */
static void
row_that_fails(void **state)
{
	struct fixture *f = *state;
	struct cursor *cursor =
	    state_stream_subscribe(f->state_stream, grant_of_role(ROLE_ADMIN));

	expect(cursor, "stream.begin", 0, 0);
	expect(cursor, "stream.daemon", 41, 0);
	f->fails = true;
	assert_null(next_frame(cursor));
	f->fails = false;
	expect(cursor, "stream.rows", 44, 123);
	expect(cursor, "stream.end", 44, 0);
	f->fails = true;
	state_stream_changed(f->state_stream, &f->processes[2]);
	assert_null(next_frame(cursor));
	f->fails = false;
	expect(cursor, "stream.process", 45, 3);
	state_stream_unsubscribe(cursor);
}

#define LOGGED                                                                  \
	": its state has text that is not UTF-8; sending U+FFFD for the invalid " \
	"bytes\n"

static void
keep(void *ctx, enum log_level level, const char *text, size_t len)
{
	struct fixture *f = ctx;
	size_t n = strlen(f->log);

	(void)level;
	(void)snprintf(f->log + n, sizeof(f->log) - n, "%.*s\n", (int)len, text);
}

/* Invalid UTF-8 is replaced for every subscriber, and logged once. */
static void
row_that_is_no_text(void **state)
{
	static const char replaced[] = "a\xef\xbf\xbd";
	struct fixture *f = *state;
	struct cursor *cursor = state_stream_subscribe(
			  f->state_stream, grant_of_role(ROLE_ADMIN)),
		      *other;
	json_t *frame, *row;

	log_init(keep, f, LEVEL_INFO);
	strcpy(f->error, "a\xff");
	expect(cursor, "stream.begin", 0, 0);
	expect(cursor, "stream.daemon", 41, 0);
	expect(cursor, "stream.rows", 44, 123);
	expect(cursor, "stream.end", 44, 0);
	for (int i = 0; i < 2; i++) {
		state_stream_changed(f->state_stream, &f->processes[1]);
		frame = next_frame(cursor);
		row = json_object_get(json_object_get(frame, "params"), "process");
		assert_string_equal(
		    json_string_value(json_object_get(row, "spawnerr")), replaced);
		json_decref(frame);
	}
	f->identifier = "\xfc";
	state_stream_daemon(f->state_stream);
	expect(cursor, "stream.daemon", 47, 0);
	other = state_stream_subscribe(f->state_stream, grant_of_role(ROLE_ADMIN));
	assert_int_equal(take_all(other), 4);
	assert_string_equal(
	    f->log, "g:a" LOGGED "g:b" LOGGED "g:c" LOGGED "daemon:\xef\xbf\xbd" LOGGED);
	state_stream_unsubscribe(cursor);
	state_stream_unsubscribe(other);
	log_init(NULL, NULL, LEVEL_INFO);
}

/* A row that changes before the cursor reaches it is sent once, at its new place. */
static void
change_during_snapshot(void **state)
{
	struct fixture *f = *state;
	struct cursor *cursor =
	    state_stream_subscribe(f->state_stream, grant_of_role(ROLE_ADMIN));

	expect(cursor, "stream.begin", 0, 0);
	expect(cursor, "stream.daemon", 41, 0);
	state_stream_changed(f->state_stream, &f->processes[0]); /* the very next row */
	expect(cursor, "stream.rows", 44, 23);
	expect(cursor, "stream.end", 44, 0);
	expect(cursor, "stream.process", 45, 1);
	assert_null(next_frame(cursor));
	state_stream_unsubscribe(cursor);
}

static void
many_changes_are_one_row(void **state)
{
	struct fixture *f = *state;
	struct cursor *cursor =
	    state_stream_subscribe(f->state_stream, grant_of_role(ROLE_ADMIN));

	take_snapshot(cursor, 4);
	for (int i = 0; i < 100; i++) {
		state_stream_changed(f->state_stream, &f->processes[1]);
		state_stream_changed(f->state_stream, &f->processes[2]);
	}
	state_stream_changed(f->state_stream, &f->processes[1]);
	expect(cursor, "stream.process", 244, 3);
	assert_true(state_stream_reached(cursor) < f->seq);
	expect(cursor, "stream.process", 245, 2);
	assert_null(next_frame(cursor));
	assert_int_equal(state_stream_reached(cursor), f->seq);
	state_stream_unsubscribe(cursor);
}

/* A cursor gets all that it has not passed, with tombstones; a new subscriber reaches the
 * latest number. */
static void
removal(void **state)
{
	struct fixture *f = *state;
	struct cursor *cursor = state_stream_subscribe(
			  f->state_stream, grant_of_role(ROLE_ADMIN)),
		      *late;

	take_snapshot(cursor, 4);
	state_stream_removed(f->state_stream, &f->processes[0]);
	state_stream_removed(f->state_stream, &f->processes[2]);
	assert_null(f->processes[0].published);
	expect(cursor, "stream.removed", 45, 1);
	expect(cursor, "stream.removed", 46, 3);
	assert_null(next_frame(cursor));
	state_stream_changed(f->state_stream, &f->processes[1]);
	state_stream_removed(f->state_stream, &f->processes[1]);
	late = state_stream_subscribe(f->state_stream, grant_of_role(ROLE_ADMIN));
	expect(late, "stream.begin", 0, 0);
	expect(late, "stream.daemon", 41, 0);
	expect(late, "stream.removed", f->seq, 2);
	assert_int_equal(state_stream_reached(late), 0);
	expect(late, "stream.end", f->seq, 0);
	assert_int_equal(state_stream_reached(late), f->seq);
	state_stream_unsubscribe(late);
	state_stream_unsubscribe(cursor);
}

/* New array of processes with ids from 10 on. */
static struct process *
add_many(struct fixture *f, size_t n)
{
	struct process *many = calloc(n, sizeof(*many));

	assert_non_null(many);
	for (size_t i = 0; i < n; i++) {
		many[i].id = i + 10;
		assert_int_equal(state_stream_added(f->state_stream, &many[i]), 0);
	}
	return many;
}

/* Each cursor is sent each tombstone once, wherever it stands. */
static void
many_removals(void **state)
{
	enum { MANY = 100 };
	struct fixture *f = *state;
	struct process *gone = add_many(f, MANY);
	struct cursor *slow = state_stream_subscribe(
			  f->state_stream, grant_of_role(ROLE_ADMIN)),
		      *fast = state_stream_subscribe(
			  f->state_stream, grant_of_role(ROLE_ADMIN));

	(void)take_all(slow);
	(void)take_all(fast);
	for (int i = 0; i < MANY; i++) {
		state_stream_removed(f->state_stream, &gone[i]);
		expect(fast, "stream.removed", f->seq, gone[i].id);
		if (i % 2 == 1)
			expect(slow, "stream.removed", 0, gone[i / 2].id);
	}
	for (int i = MANY / 2; i < MANY; i++)
		expect(slow, "stream.removed", 0, gone[i].id);
	assert_null(next_frame(slow));
	assert_null(next_frame(fast));
	state_stream_unsubscribe(slow);
	state_stream_unsubscribe(fast);
	free(gone);
}

/* When there are too many tombstones, a cursor that does not read restarts with a snapshot.
 * A cursor that has read everything is not affected. */
static void
tombstones_are_bounded(void **state)
{
	enum { MANY = 10000, TOMBSTONES = 4096 };
	struct fixture *f = *state;
	struct process *gone = add_many(f, MANY);
	struct cursor *idle = state_stream_subscribe(
			  f->state_stream, grant_of_role(ROLE_ADMIN)),
		      *fast = state_stream_subscribe(
			  f->state_stream, grant_of_role(ROLE_ADMIN));
	struct cursor *halted = state_stream_subscribe(
			  f->state_stream, grant_of_role(ROLE_ADMIN)),
		      *fresh = state_stream_subscribe(
			  f->state_stream, grant_of_role(ROLE_ADMIN));
	uint64_t before;

	(void)take_all(idle);
	(void)take_all(fast);
	expect(halted, "stream.begin", 0, 0);
	expect(halted, "stream.daemon", 41, 0);
	before = state_stream_reached(idle);
	for (int i = 0; i < TOMBSTONES; i++)
		state_stream_removed(f->state_stream, &gone[i]);
	expect(idle, "stream.removed", before + 1, gone[0].id);
	assert_int_equal(take_all(fast), TOMBSTONES);
	for (int i = TOMBSTONES; i < MANY; i++) {
		state_stream_removed(f->state_stream, &gone[i]);
		expect(fast, "stream.removed", f->seq, gone[i].id);
	}
	assert_int_equal(state_stream_reached(idle), 0);
	expect(idle, "stream.begin", before + 1, 0);
	expect(idle, "stream.daemon", 41, 0);
	expect(idle, "stream.rows", 44, 123);
	assert_int_equal(take_all(idle), 2); /* the newest tombstone, end */
	assert_int_equal(state_stream_reached(idle), f->seq);
	expect(halted, "stream.begin", 41, 0);
	assert_int_equal(take_all(halted), 4);
	assert_int_equal(take_all(fresh), 5);
	state_stream_unsubscribe(idle);
	state_stream_unsubscribe(fast);
	state_stream_unsubscribe(halted);
	state_stream_unsubscribe(fresh);
	free(gone);
}

static void
cursors_are_independent(void **state)
{
	struct fixture *f = *state;
	struct cursor *fast = state_stream_subscribe(
			  f->state_stream, grant_of_role(ROLE_ADMIN)),
		      *slow = state_stream_subscribe(
			  f->state_stream, grant_of_role(ROLE_ADMIN));

	take_snapshot(fast, 4);
	expect(slow, "stream.begin", 0, 0);
	state_stream_changed(f->state_stream, &f->processes[0]);
	expect(fast, "stream.process", 45, 1);
	expect(slow, "stream.daemon", 41, 0);
	state_stream_unsubscribe(fast);
	state_stream_changed(f->state_stream, &f->processes[2]);
	expect(slow, "stream.rows", 45, 21);
	expect(slow, "stream.end", 45, 0);
	state_stream_unsubscribe(slow);
}

static void
page_is_current_and_sealed(void **state)
{
	struct fixture *f = *state;
	int fd = state_stream_page(f->state_stream);
	const uint64_t *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(page, MAP_FAILED);
	assert_int_equal(*page, 44);
	state_stream_daemon(f->state_stream);
	assert_int_equal(*page, 45);
	assert_ptr_equal(
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	assert_int_equal(errno, EACCES);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	munmap((void *)(uintptr_t)page, 4096);
}

/* After an upgrade: the page is the same, and the numbers of a subscriber continue. */
static void
page_and_numbers_continue(void **state)
{
	struct fixture *f = *state;
	int kept = dup(state_stream_kept_page(f->state_stream));
	const uint64_t *page;
	struct state_stream *after;
	struct cursor *cursor;
	uint64_t seq = 60;

	page =
	    mmap(NULL, 4096, PROT_READ, MAP_SHARED, state_stream_page(f->state_stream), 0);
	assert_ptr_not_equal(page, MAP_FAILED);
	after = state_stream_new(&seq, kept, &ops, f);
	assert_non_null(after);
	assert_int_equal(*page, 61);
	state_stream_daemon(after);
	assert_int_equal(*page, 62);
	cursor = state_stream_subscribe(after, grant_of_role(ROLE_ADMIN));
	assert_non_null(cursor);
	state_stream_resume(cursor);
	expect(cursor, "stream.begin", 62, 0);
	expect(cursor, "stream.daemon", 62, 0);
	expect(cursor, "stream.end", 62, 0);
	state_stream_unsubscribe(cursor);
	state_stream_free(after);
	munmap((void *)(uintptr_t)page, 4096);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(snapshot_then_nothing, setup, teardown),
	    cmocka_unit_test_setup_teardown(snapshot_in_parts, setup, teardown),
	    cmocka_unit_test_setup_teardown(row_that_fails, setup, teardown),
	    cmocka_unit_test_setup_teardown(row_that_is_no_text, setup, teardown),
	    cmocka_unit_test_setup_teardown(change_during_snapshot, setup, teardown),
	    cmocka_unit_test_setup_teardown(many_changes_are_one_row, setup, teardown),
	    cmocka_unit_test_setup_teardown(removal, setup, teardown),
	    cmocka_unit_test_setup_teardown(many_removals, setup, teardown),
	    cmocka_unit_test_setup_teardown(tombstones_are_bounded, setup, teardown),
	    cmocka_unit_test_setup_teardown(cursors_are_independent, setup, teardown),
	    cmocka_unit_test_setup_teardown(page_is_current_and_sealed, setup, teardown),
	    cmocka_unit_test_setup_teardown(page_and_numbers_continue, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
