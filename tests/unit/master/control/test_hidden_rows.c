/* Hidden rows: what the state stream sends to subscribers that see only some programs. */
#include "tests/unit/master/control/streams.h"

/* New: the cursor of a subscriber that sees one process. */
static struct cursor *
subscribe_to(struct fixture *f, const char *program)
{
	const char *const programs[] = { program, NULL };
	struct grant *grant = grant_new(&(struct grant_source){ .programs = programs });
	struct cursor *cursor = state_stream_subscribe(f->state_stream, grant);

	assert_non_null(cursor);
	grant_unref(grant);
	return cursor;
}

/* Rows that the subscriber does not see only move the number. */
static void
hidden_rows(void **state)
{
	struct fixture *f = *state;
	struct cursor *cursor = subscribe_to(f, "g:b");

	expect(cursor, "stream.begin", 0, 0);
	expect(cursor, "stream.daemon", 41, 0);
	expect(cursor, "stream.rows", 43, 2);
	expect(cursor, "stream.end", 44, 0);
	assert_null(next_frame(cursor));
	state_stream_changed(f->state_stream, &f->processes[0]);
	state_stream_changed(f->state_stream, &f->processes[2]);
	expect(cursor, "stream.reached", 46, 0);
	assert_null(next_frame(cursor));
	assert_int_equal(state_stream_reached(cursor), f->seq);
	state_stream_changed(f->state_stream, &f->processes[0]);
	state_stream_changed(f->state_stream, &f->processes[1]);
	expect(cursor, "stream.process", 48, 2);
	state_stream_daemon(f->state_stream);
	expect(cursor, "stream.daemon", 49, 0);
	/* Removed rows of both kinds. */
	state_stream_removed(f->state_stream, &f->processes[0]);
	expect(cursor, "stream.reached", 50, 0);
	state_stream_removed(f->state_stream, &f->processes[1]);
	expect(cursor, "stream.removed", 51, 2);
	assert_null(next_frame(cursor));
	state_stream_unsubscribe(cursor);
}

/* What was removed before the snapshot is not in it, and what is removed during it is
 * reported to those who see it. */
static void
hidden_rows_of_a_snapshot(void **state)
{
	struct fixture *f = *state;
	struct cursor *cursor, *none;

	state_stream_removed(f->state_stream, &f->processes[0]);
	cursor = subscribe_to(f, "g:b");
	none = subscribe_to(f, "g:nothing");
	expect(cursor, "stream.begin", 0, 0);
	expect(cursor, "stream.daemon", 41, 0);
	expect(cursor, "stream.rows", 43, 2);
	expect(none, "stream.begin", 0, 0);
	expect(none, "stream.daemon", 41, 0);
	state_stream_removed(f->state_stream, &f->processes[1]);
	state_stream_removed(f->state_stream, &f->processes[2]);
	expect(cursor, "stream.removed", 46, 2);
	expect(cursor, "stream.end", 46, 0);
	expect(cursor, "stream.reached", 47, 0);
	assert_null(next_frame(cursor));
	expect(none, "stream.end", 46, 0);
	expect(none, "stream.reached", 47, 0);
	assert_null(next_frame(none));
	state_stream_unsubscribe(cursor);
	state_stream_unsubscribe(none);
}

#define MANY 700

/* One step skips a bounded number of rows. */
static void
many_hidden_rows(void **state)
{
	struct fixture *f = *state;
	static struct process many[MANY];
	struct cursor *cursor;

	for (size_t i = 0; i < MANY; i++) {
		many[i] = f->processes[0];
		assert_int_equal(state_stream_added(f->state_stream, &many[i]), 0);
	}
	cursor = subscribe_to(f, "g:b");
	expect(cursor, "stream.begin", 0, 0);
	expect(cursor, "stream.daemon", 41, 0);
	expect(cursor, "stream.rows", 43, 2);
	expect(cursor, "stream.reached", 43 + 256, 0);
	expect(cursor, "stream.reached", 43 + 512, 0);
	expect(cursor, "stream.end", 44 + MANY, 0);
	assert_null(next_frame(cursor));
	for (size_t i = 0; i < MANY; i++)
		state_stream_changed(f->state_stream, &many[i]);
	state_stream_changed(f->state_stream, &f->processes[1]);
	expect(cursor, "stream.reached", 44 + MANY + 256, 0);
	expect(cursor, "stream.reached", 44 + MANY + 512, 0);
	expect(cursor, "stream.process", 45 + 2 * MANY, 2);
	assert_null(next_frame(cursor));
	state_stream_unsubscribe(cursor);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(hidden_rows, setup, teardown),
	    cmocka_unit_test_setup_teardown(hidden_rows_of_a_snapshot, setup, teardown),
	    cmocka_unit_test_setup_teardown(many_hidden_rows, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
