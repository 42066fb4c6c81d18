/* Streams: a state stream of three processes, and what its subscribers read. */
#ifndef TESTS_STREAMS_H
#define TESTS_STREAMS_H

#include "master/control/state_stream.h"
#include "master/process/group.h"
#include "proto/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	uint64_t seq;
	struct state_stream *state_stream;
	struct group_config group_config;
	struct group group;
	struct process_config configs[3];
	struct process processes[3];
	char error[16384]; /* spawnerr of all rows */
	bool fails;        /* the row of the last process fails, out of memory */
	const char *identifier;
	char log[512];
};

static inline int
process_row(void *ctx, const struct process *process, struct process_info *info)
{
	const struct fixture *f = ctx;

	if (f->fails && process == &f->processes[2])
		return -1;
	info->id = process->id;
	info->state = process->state;
	info->group = strdup("g");
	info->name = strdup((const char *[]){ "a", "b", "c" }[(process->id - 1) % 3]);
	info->spawnerr = strdup(f->error);
	info->failure = strdup("");
	info->waiting_for = strdup("");
	info->stopped_at = strdup("");
	info->stdout_logfile = strdup("");
	info->stderr_logfile = strdup("");
	return 0;
}

static inline int
daemon_row(void *ctx, struct daemon_info *info)
{
	const struct fixture *f = ctx;

	info->state = DAEMON_RUNNING;
	info->fatal_reason = strdup("");
	info->identifier = strdup(f->identifier);
	info->logfile = strdup("");
	return 0;
}

static const struct state_stream_ops ops = { .process = process_row, .daemon = daemon_row };

static inline int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->seq = 40;
	f->identifier = "supervisor";
	f->state_stream = state_stream_new(&f->seq, -1, &ops, f);
	assert_non_null(f->state_stream);
	f->group_config.name = (char *)(uintptr_t) "g";
	f->group.config = &f->group_config;
	for (int i = 0; i < 3; i++) {
		f->configs[i].name =
		    (char *)(uintptr_t)(const char *[]){ "a", "b", "c" }[i];
		f->processes[i].config = &f->configs[i];
		f->processes[i].group = &f->group;
		f->processes[i].id = (uint64_t)i + 1;
		assert_int_equal(state_stream_added(f->state_stream, &f->processes[i]), 0);
	}
	*state = f;
	return 0;
}

static inline int
teardown(void **state)
{
	struct fixture *f = *state;

	state_stream_free(f->state_stream);
	free(f);
	return 0;
}

/* New: the next frame; NULL = none. */
static inline json_t *
next_frame(struct cursor *cursor)
{
	struct buf line;
	json_t *frame = NULL;
	const char *why;

	buf_init(&line, 0);
	if (state_stream_next(cursor, &line)) {
		assert_int_equal(frame_next(&line, &frame_limits, &frame, &why), FRAME_OK);
		assert_string_equal(
		    json_string_value(json_object_get(frame, "jsonrpc")), "2.0");
	}
	assert_int_equal(buf_len(&line), 0);
	buf_clear(&line);
	return frame;
}

/* ids: the digits of the rows' ids, as 123. */
static inline void
assert_rows(const json_t *rows, uint64_t ids)
{
	uint64_t got = 0;

	for (size_t i = 0; i < json_array_size(rows); i++)
		got = 10 * got +
		    (uint64_t)json_integer_value(
			json_array_get(json_array_get(rows, i), 0));
	assert_int_equal(got, ids);
}

/* Takes one frame and checks its method, and its number and ids unless they are 0. */
static inline void
expect(struct cursor *cursor, const char *method, uint64_t seq, uint64_t id)
{
	json_t *frame = next_frame(cursor), *params, *row;

	assert_non_null(frame);
	assert_string_equal(json_string_value(json_object_get(frame, "method")), method);
	params = json_object_get(frame, "params");
	if (seq != 0)
		assert_int_equal(json_integer_value(json_object_get(params, "seq")), seq);
	row = json_object_get(params, "process");
	if (strcmp(method, "stream.rows") == 0)
		assert_rows(json_object_get(params, "rows"), id);
	else if (id != 0)
		assert_int_equal(
		    json_integer_value(json_object_get(row != NULL ? row : params, "id")),
		    id);
	json_decref(frame);
}

static inline void
take_snapshot(struct cursor *cursor, int frames)
{
	for (int i = 0; i < frames; i++) {
		json_t *frame = next_frame(cursor);

		assert_non_null(frame);
		json_decref(frame);
	}
	assert_null(next_frame(cursor));
}

/* Takes all frames. Their number. */
static inline size_t
take_all(struct cursor *cursor)
{
	json_t *frame;
	size_t n = 0;

	for (; (frame = next_frame(cursor)) != NULL; n++)
		json_decref(frame);
	return n;
}

#endif
