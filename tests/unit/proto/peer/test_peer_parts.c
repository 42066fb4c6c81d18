#include "pair.h"

/* New text of exactly `len` bytes with characters of one to four bytes; the byte at
 * FRAME_PART is inside a character. */
static char *
long_text(size_t len)
{
	static const char piece[] = "\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9\"\\\n";
	char *text = malloc(len + 1);
	size_t at = 0;

	assert_non_null(text);
	for (; at + sizeof(piece) - 1 <= len; at += sizeof(piece) - 1)
		memcpy(text + at, piece, sizeof(piece) - 1);
	memset(text + at, 'z', len - at);
	text[len] = '\0';
	return text;
}

static void
answer_length(struct side *s, uint64_t id, const char *method, json_t *params)
{
	const json_t *data = json_object_get(params, "data");
	char *want = long_text(json_string_length(data));

	assert_string_equal(method, "process.stdin");
	assert_string_equal(json_string_value(json_object_get(params, "name")), "web");
	assert_int_equal(json_object_size(params), 2);
	assert_true(strcmp(json_string_value(data), want) == 0);
	free(want);
	(void)peer_reply(
	    s->peer, id, json_integer((json_int_t)json_string_length(data)), -1, 0);
}

static void
expect_answered(struct side *s, enum fault fault, json_t *result)
{
	assert_int_equal(fault, FAULT_NONE);
	side_hear(s, "length", "", result);
}

static uint64_t
call_with(struct pair *t, size_t len)
{
	char *text = long_text(len);
	json_t *params = json_pack("{ss, ss}", "name", "web", "data", text);
	json_t *kept = json_incref(params);
	uint64_t id =
	    peer_call(t->a.peer, "process.stdin", params, false, side_answer, &t->a);
	int error = errno;

	/* The call does not change params that have another reference. */
	assert_int_equal(json_object_size(kept), 2);
	assert_int_equal(json_string_length(json_object_get(kept, "data")), len);
	json_decref(kept);
	free(text);
	errno = error;
	return id;
}

static void
test_sizes(void **state)
{
	static const size_t sizes[] = {
		0, 1, FRAME_PART - 1, FRAME_PART, FRAME_PART + 1, FRAME_PART + 2,
		2 * FRAME_PART, 3 * FRAME_PART + 7, 1024 * 1024, PEER_LONG_MAX,
	};

	(void)state;
	for (size_t i = 0; i < nitems(sizes); i++) {
		struct pair t;
		char want[64];

		pair_open(&t, false);
		t.b.on_request = answer_length;
		t.a.on_answer = expect_answered;
		assert_true(call_with(&t, sizes[i]) > 0);
		UNTIL(&t, t.a.answers == 1);
		(void)snprintf(want, sizeof(want), "length  %zu\n", sizes[i]);
		expect_heard(&t.a, want);
		assert_int_equal(t.b.closed, 0);
		pair_close(&t);
	}
}

/* Every frame keeps the limits of the manual, with any number of escapes. */
static void
test_frames(void **state)
{
	const size_t len = 3 * FRAME_PART;
	size_t got = 0, parts = 0;
	struct pair t;
	struct buf b;
	char *text = malloc(len + 1);

	(void)state;
	memset(text, 1, len);
	text[len] = '\0';
	pair_open(&t, true);
	buf_init(&b, 0);
	assert_int_equal(peer_call(t.a.peer, "m", json_pack("{ss}", "data", text), false,
			     side_answer, &t.a),
	    1);
	while (got < len) {
		json_t *frame = raw_frame(&t, &b);
		const json_t *params = json_object_get(frame, "params");
		const json_t *data = json_object_get(params, "data");

		assert_in_range(json_string_length(data), 1, 262144);
		got += json_string_length(data);
		if (parts++ == 0) {
			assert_int_equal(
			    json_integer_value(json_object_get(frame, "id")), 1);
			assert_int_equal(
			    json_integer_value(json_object_get(params, "total")), len);
		} else {
			assert_null(json_object_get(frame, "id"));
			assert_int_equal(
			    json_integer_value(json_object_get(params, "id")), 1);
			assert_string_equal(
			    json_string_value(json_object_get(frame, "method")), "part");
		}
		json_decref(frame);
	}
	assert_int_equal(got, len);
	assert_int_equal(parts, 3);
	free(text);
	buf_clear(&b);
	pair_close(&t);
}

static void
test_bounds_of_the_sender(void **state)
{
	struct pair t;
	char *lines = malloc(PEER_LONG_MAX + 1);

	(void)state;
	pair_open(&t, false);
	t.b.on_request = answer_length;
	t.a.on_answer = expect_answered;
	assert_int_equal(call_with(&t, PEER_LONG_MAX + 1), 0);
	assert_int_equal(errno, EMSGSIZE);
	/* With its escapes it exceeds the queue; nothing of it is sent. */
	memset(lines, '\n', PEER_LONG_MAX);
	lines[PEER_LONG_MAX] = '\0';
	assert_int_equal(peer_call(t.a.peer, "m", json_pack("{ss}", "data", lines), false,
			     side_answer, &t.a),
	    0);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(peer_unsent(t.a.peer), 0);
	free(lines);
	assert_true(call_with(&t, 5) > 0);
	UNTIL(&t, t.a.answers == 1);
	assert_int_equal(t.a.closed + t.b.closed, 0);
	pair_close(&t);
}

static void
test_bound_of_the_receiver(void **state)
{
	struct pair t;

	(void)state;
	pair_open(&t, false);
	peer_options(t.b.peer)->long_max = 1000000;
	t.b.on_request = answer_length;
	assert_true(call_with(&t, 1000001) > 0);
	assert_true(call_with(&t, 1000000) > 0);
	UNTIL(&t, t.a.answers == 2);
	expect_heard(&t.a,
	    "FAILED FAILED: data is longer than 1000000 bytes -\n"
	    "UNKNOWN ok 1000000\n");
	assert_int_equal(t.b.requests, 1);
	assert_int_equal(t.a.closed + t.b.closed, 0);
	pair_close(&t);
}

static void
begin_long(struct pair *t, int id, const char *data, unsigned total)
{
	char text[256];

	(void)snprintf(text, sizeof(text),
	    "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"m%d\","
	    "\"params\":{\"data\":\"%s\",\"total\":%u}}\n",
	    id, id, data, total);
	raw_puts(t, text);
}

static void
put_part(struct pair *t, int id, const char *data)
{
	char text[256];

	(void)snprintf(text, sizeof(text),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"part\","
	    "\"params\":{\"id\":%d,\"data\":\"%s\"}}\n",
	    id, data);
	raw_puts(t, text);
}

static void
test_interleaved(void **state)
{
	struct pair t;
	struct buf b;
	json_t *frame;

	(void)state;
	pair_open(&t, true);
	buf_init(&b, 0);
	for (int id = 1; id <= PEER_LONG_OPEN; id++)
		begin_long(&t, id, "a", 3);
	begin_long(&t, 77, "a", 3);
	frame = raw_frame(&t, &b);
	assert_int_equal(json_integer_value(json_object_get(frame, "id")), 77);
	assert_int_equal(
	    json_integer_value(json_object_get(json_object_get(frame, "error"), "code")),
	    FAULT_FAILED);
	json_decref(frame);
	put_part(&t, 77, "ignored, and of any length");
	put_part(&t, 12345, "x");
	put_part(&t, 3, "");
	put_part(&t, 3, "b");
	put_part(&t, 1, "bc");
	put_part(&t, 3, "c");
	raw_puts(&t, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"short\"}\n");
	begin_long(&t, 10, "xyz", 3);
	begin_long(&t, 3, "d", 2);
	put_part(&t, 3, "e");
	UNTIL(&t, t.a.requests == 5);
	expect_heard(&t.a,
	    "request m1 {\"data\":\"abc\"}\nrequest m3 {\"data\":\"abc\"}\n"
	    "request short {}\nrequest m10 {\"data\":\"xyz\"}\nrequest m3 "
	    "{\"data\":\"de\"}\n");
	assert_int_equal(t.a.closed, 0);
	buf_clear(&b);
	pair_close(&t); /* with two of them still open */
}

static void
test_breaches(void **state)
{
	struct pair t;

	(void)state;
	pair_open(&t, true);
	begin_long(&t, 1, "a", 3);
	put_part(&t, 1, "bcd");
	expect_closed(&t, &t.a, true, "a part that is too long");
	pair_close(&t);
	pair_open(&t, true);
	begin_long(&t, 1, "a", 3);
	begin_long(&t, 1, "a", 3);
	expect_closed(&t, &t.a, true, "the id of a request that is still being received");
	pair_close(&t);
	pair_open(&t, true);
	begin_long(&t, 1, "a", 3);
	raw_puts(&t, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}\n");
	expect_closed(&t, &t.a, true, "the id of a request that is still being received");
	assert_int_equal(t.a.requests, 0);
	pair_close(&t);
}

/* A part may have PEER_PART_MAX bytes and no more. */
static void
test_part_limit(void **state)
{
	for (size_t over = 0; over < 2; over++) {
		size_t len = 262144 + over;
		char *data = malloc(len + 1), *text;
		struct pair t;

		(void)state;
		memset(data, 'x', len);
		data[len] = '\0';
		pair_open(&t, true);
		begin_long(&t, 1, "", 262146);
		assert_true(asprintf(&text,
				"{\"jsonrpc\":\"2.0\",\"method\":\"part\",\"params\":"
				"{\"id\":1,\"data\":\"%s\"}}\n",
				data) > 0);
		raw_puts(&t, text);
		pair_settle(&t);
		assert_int_equal(t.a.closed, over);
		assert_int_equal(t.a.violation, over);
		free(text);
		free(data);
		pair_close(&t);
	}
}

/* The allocation of jansson that fails. */
static long allocations_left;

static void *
scarce_malloc(size_t size)
{
	if (allocations_left-- > 0)
		return malloc(size);
	errno = ENOMEM;
	return NULL;
}

/* After a failed allocation, a call ends with a reply, errno or the end of its
 * connection. */
static void
test_out_of_memory(void **state)
{
	int answered = 0, refused = 0, closed = 0;
	json_malloc_t plain_malloc;
	json_free_t plain_free;

	(void)state;
	json_get_alloc_funcs(&plain_malloc, &plain_free);
	for (long limit = 0; limit < 200; limit++) {
		struct pair t;
		char *text = long_text(FRAME_PART + 10);
		json_t *params = json_pack("{ss, ss}", "name", "web", "data", text);
		uint64_t id;

		free(text);
		pair_open(&t, false);
		t.b.on_request = answer_length;
		allocations_left = limit;
		json_set_alloc_funcs(scarce_malloc, plain_free);
		errno = 0;
		id = peer_call(t.a.peer, "process.stdin", params, false, side_answer, &t.a);
		if (id == 0)
			assert_int_equal(errno, ENOMEM);
		for (int i = 0; i < 30; i++)
			(void)loop_turn(t.loop, 0);
		json_set_alloc_funcs(plain_malloc, plain_free);
		refused += id == 0;
		answered += t.a.answers == 1;
		closed += t.a.closed == 1;
		assert_int_equal((id == 0) + (t.a.answers == 1) + (t.a.closed == 1), 1);
		if (t.a.violation || t.b.violation)
			fail_msg("%ld: %s / %s", limit, t.a.why, t.b.why);
		pair_close(&t);
	}
	assert_true(answered > 20);
	assert_true(refused > 5);
	assert_true(closed > 5);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_bounds_of_the_sender),
		cmocka_unit_test(test_bound_of_the_receiver),
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_breaches),
		cmocka_unit_test(test_part_limit),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests_name("peer_parts", tests, NULL, NULL);
}
