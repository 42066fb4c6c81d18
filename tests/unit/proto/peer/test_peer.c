#include "pair.h"

#include "common/clock.h"

static void
test_notify(void **state)
{
	struct pair t;

	(void)state;
	pair_open(&t, false);
	assert_int_equal(
	    peer_notify(t.a.peer, "job.end", json_pack("{si}", "job", 1), -1, 0), 0);
	assert_int_equal(peer_notify(t.a.peer, "bare", NULL, -1, 0), 0);
	assert_int_equal(
	    peer_notify(t.b.peer, "back", json_pack("{ss}", "é", "\n"), -1, 0), 0);
	UNTIL(&t, t.b.notifications == 2 && t.a.notifications == 1);
	expect_heard(&t.b, "notification job.end {\"job\":1}\nnotification bare {}\n");
	expect_heard(&t.a, "notification back {\"é\":\"\\n\"}\n");
	assert_int_equal(peer_unsent(t.a.peer), 0);
	pair_close(&t);
}

static void
answer_by_name(struct side *s, uint64_t id, const char *method, json_t *params)
{
	if (strcmp(method, "good") == 0)
		assert_int_equal(peer_reply(s->peer, id, json_incref(params), -1, 0), 0);
	else if (strcmp(method, "null") == 0)
		assert_int_equal(peer_reply(s->peer, id, NULL, -1, 0), 0);
	else if (strcmp(method, "bad") == 0)
		assert_int_equal(
		    peer_fault(s->peer, id, FAULT_BAD_NAME, "BAD_NAME: x", 0), 0);
	else
		side_hear(s, "request", method, json_object_get(params, "n"));
}

static void
test_requests(void **state)
{
	struct pair t;
	uint64_t first;

	(void)state;
	pair_open(&t, false);
	t.b.on_request = answer_by_name;
	first = peer_call(
	    t.a.peer, "good", json_pack("{si}", "n", 5), false, side_answer, &t.a);
	assert_true(first > 0);
	assert_true(peer_call(t.a.peer, "bad", NULL, false, side_answer, &t.a) > first);
	assert_true(peer_call(t.a.peer, "null", NULL, true, side_answer, &t.a) > 0);
	UNTIL(&t, t.a.answers == 3);
	expect_heard(
	    &t.a, "UNKNOWN ok {\"n\":5}\nBAD_NAME BAD_NAME: x -\nUNKNOWN ok null\n");
	pair_close(&t);
}

static void
test_answers_in_any_order(void **state)
{
	struct pair t;
	uint64_t id[4];

	(void)state;
	pair_open(&t, false);
	for (size_t i = 0; i < 4; i++)
		id[i] = peer_call(t.a.peer, "later", NULL, false, side_answer, &t.a);
	UNTIL(&t, t.b.requests == 4);
	peer_forget(t.a.peer, id[1]);
	peer_forget(t.a.peer, 999);
	for (size_t i = 4; i-- > 0;)
		(void)peer_reply(t.b.peer, id[i], json_integer((json_int_t)i), -1, 0);
	UNTIL(&t, t.a.answers == 3);
	pair_settle(&t);
	expect_heard(&t.a, "UNKNOWN ok 3\nUNKNOWN ok 2\nUNKNOWN ok 0\n");
	assert_int_equal(t.a.closed, 0);
	/* Each request has exactly one reply. */
	(void)peer_reply(t.b.peer, id[1], NULL, -1, 0);
	expect_closed(&t, &t.a, true, "a response to nothing");
	expect_closed(&t, &t.b, false, "");
	pair_close(&t);
}

/* Lines of tests/data/peer/violations: a frame, TAB, the reason why it ends the connection.
 * The peer waits for the reply to request 1. */
static void
test_violations(void **state)
{
	char line[1024];
	size_t n = 0;
	FILE *f;

	(void)state;
	f = fopen("tests/data/peer/violations", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		struct pair t;
		char *why = strchr(line, '\t');

		assert_non_null(why);
		*why++ = '\0';
		why[strcspn(why, "\n")] = '\0';
		pair_open(&t, true);
		assert_int_equal(
		    peer_call(t.a.peer, "x", NULL, false, side_answer, &t.a), 1);
		raw_puts(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"before\"}\n");
		raw_puts(&t, line);
		raw_puts(&t, "\n{\"jsonrpc\":\"2.0\",\"method\":\"after\"}\n");
		expect_closed(&t, &t.a, true, why);
		expect_heard(&t.a, "notification before {}\n");
		assert_int_equal(t.a.answers, 0);
		pair_close(&t);
		n++;
	}
	(void)fclose(f);
	assert_true(n >= 20);
}

/* Lines of tests/data/peer/tolerated: frames that do not end the connection. */
static void
test_tolerated(void **state)
{
	char line[1024];
	struct pair t;
	size_t n = 0;
	FILE *f;

	(void)state;
	f = fopen("tests/data/peer/tolerated", "r");
	assert_non_null(f);
	pair_open(&t, true);
	while (fgets(line, sizeof(line), f) != NULL) {
		raw_puts(&t, line);
		n++;
		UNTIL(&t, t.a.requests + t.a.notifications == n);
		assert_int_equal(t.a.closed, 0);
	}
	(void)fclose(f);
	assert_true(n >= 5);
	pair_close(&t);
}

static void
test_too_long(void **state)
{
	static char x[FRAME_MAX];
	struct pair t;

	(void)state;
	memset(x, 'x', sizeof(x));
	pair_open(&t, true);
	raw_write(&t, x, sizeof(x) - 1, -1);
	pair_settle(&t);
	assert_int_equal(t.a.closed, 0);
	raw_write(&t, x, 1, -1);
	expect_closed(&t, &t.a, true, "bad frame: too long");
	pair_close(&t);
}

static void
test_end_of_file(void **state)
{
	struct pair t;

	(void)state;
	pair_open(&t, true);
	raw_puts(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"last\"}\n{\"jsonrpc\":");
	(void)close(t.raw);
	t.raw = -1;
	expect_closed(&t, &t.a, false, "");
	expect_heard(&t.a, "notification last {}\n");
	pair_close(&t);
}

/* A client that half-closes after its requests, as socat does, receives the replies. */
static void
test_answers_after_end_of_file(void **state)
{
	struct pair t;
	struct buf b;
	json_t *frame;

	(void)state;
	for (int autoflush = 0; autoflush < 2; autoflush++) {
		pair_open(&t, true);
		buf_init(&b, 0);
		t.a.on_request = answer_by_name;
		peer_options(t.a.peer)->autoflush = autoflush;
		for (int i = 0; i < 200; i++)
			raw_puts(
			    &t, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"null\"}\n");
		assert_int_equal(shutdown(t.raw, SHUT_WR), 0);
		for (int i = 0; i < 200; i++) {
			frame = raw_frame(&t, &b);
			assert_int_equal(
			    json_integer_value(json_object_get(frame, "id")), 7);
			json_decref(frame);
		}
		expect_closed(&t, &t.a, false, "");
		assert_int_equal(t.a.requests, 200);
		assert_false(raw_read(&t, &b));
		buf_clear(&b);
		pair_close(&t);
	}
}

static void
test_budget(void **state)
{
	static const char frame[] = "{\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n";
	struct pair t;
	struct buf b;
	size_t before;

	(void)state;
	pair_open(&t, true);
	buf_init(&b, 0);
	for (int i = 0; i < 500; i++)
		assert_int_equal(buf_puts(&b, frame), 0);
	assert_int_equal(sock_send(t.raw, buf_data(&b), buf_len(&b), -1), buf_len(&b));
	buf_clear(&b);
	(void)close(t.raw);
	t.raw = -1;
	/* Each turn reads its share of the input, and the last one the end of file. The
	 * clock is stopped, because a turn ends early when the machine is slow. */
	clock_freeze(1000, 1000);
	for (before = 0; before < 500; before = t.a.notifications) {
		assert_int_equal(loop_turn(t.loop, 0), 0);
		assert_in_range(t.a.notifications - before, 1, 64);
		assert_int_equal(t.a.closed, 0);
	}
	expect_closed(&t, &t.a, false, "");
	clock_freeze(-1, -1);
	assert_int_equal(t.a.notifications, 500);
	pair_close(&t);
}

/* The actions of callbacks on their peer. */
static void
free_on_request(struct side *s, uint64_t id, const char *method, json_t *params)
{
	(void)method;
	(void)params;
	(void)peer_reply(s->peer, id, NULL, -1, 0);
	peer_free(s->peer);
	s->peer = NULL;
}

static void
free_on_notification(struct side *s, const char *method, json_t *params, int fd)
{
	(void)fd;
	peer_free(s->peer);
	s->peer = NULL;
	side_hear(s, "freed", method, params); /* still borrowed */
}

static void
free_on_answer(struct side *s, enum fault fault, json_t *result)
{
	(void)fault;
	peer_free(s->peer);
	s->peer = NULL;
	side_hear(s, "freed", "answer", result);
}

static void
test_free_in_callbacks(void **state)
{
	static const char twice[] =
	    "{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"params\":{\"a\":[1]}}\n"
	    "{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"params\":{\"a\":[1]}}\n";
	struct pair t;

	(void)state;
	pair_open(&t, true);
	t.a.on_notification = free_on_notification;
	raw_puts(&t, twice);
	pair_settle(&t);
	expect_heard(&t.a, "freed n {\"a\":[1]}\n");
	assert_int_equal(t.a.closed, 0);
	pair_close(&t);

	pair_open(&t, true);
	t.a.on_notification = free_on_notification;
	assert_int_equal(sock_send(t.raw, twice, strlen(twice), -1), strlen(twice));
	peer_drain(t.a.peer);
	assert_null(t.a.peer);
	pair_close(&t);

	pair_open(&t, false);
	t.b.on_request = free_on_request;
	assert_true(peer_call(t.a.peer, "x", NULL, false, side_answer, &t.a) > 0);
	assert_true(peer_call(t.a.peer, "y", NULL, false, side_answer, &t.a) > 0);
	expect_closed(&t, &t.a, false, t.a.why);
	assert_int_equal(t.b.requests, 1);
	assert_int_equal(t.b.closed, 0);
	pair_close(&t);

	pair_open(&t, false);
	t.a.on_answer = free_on_answer;
	t.b.on_request = answer_by_name;
	assert_true(peer_call(t.a.peer, "null", NULL, false, side_answer, &t.a) > 0);
	assert_true(peer_call(t.a.peer, "null", NULL, false, side_answer, &t.a) > 0);
	pair_settle(&t);
	assert_int_equal(t.a.answers, 1);
	pair_close(&t);
}

static void
drain_within(struct side *s, const char *method, json_t *params, int fd)
{
	(void)fd;
	side_hear(s, "begin", method, json_object_get(params, "n"));
	s->on_notification = NULL;
	peer_drain(s->peer);
	side_hear(s, "end", method, json_object_get(params, "n"));
}

static void
test_drain(void **state)
{
	struct pair t;

	(void)state;
	pair_open(&t, false);
	for (int i = 0; i < 3; i++)
		(void)peer_notify(t.a.peer, "x", json_pack("{si}", "n", i), -1, 0);
	peer_drain(t.b.peer);
	expect_heard(&t.b,
	    "notification x {\"n\":0}\nnotification x {\"n\":1}\n"
	    "notification x {\"n\":2}\n");
	for (int i = 0; i < 3; i++)
		(void)peer_notify(t.a.peer, "x", json_pack("{si}", "n", i), -1, 0);
	t.b.on_notification = drain_within;
	UNTIL(&t, t.b.notifications == 6);
	expect_heard(&t.b,
	    "begin x 0\nnotification x {\"n\":1}\n"
	    "notification x {\"n\":2}\nend x 0\n");
	/* The loop reports the end of file, not peer_drain. */
	peer_free(t.a.peer);
	t.a.peer = NULL;
	t.b.in_call = true;
	peer_drain(t.b.peer);
	peer_drain(t.b.peer);
	t.b.in_call = false;
	expect_closed(&t, &t.b, false, "");
	pair_close(&t);
}

static void
test_drain_past_budget(void **state)
{
	struct pair t;

	(void)state;
	pair_open(&t, false);
	peer_options(t.a.peer)->autoflush = false;
	for (int i = 0; i < 200; i++)
		(void)peer_notify(t.a.peer, "x", NULL, -1, 0);
	peer_flush(t.a.peer);
	assert_int_equal(loop_turn(t.loop, 0), 0);
	assert_in_range(t.b.notifications, 1, 64);
	peer_drain(t.b.peer);
	assert_int_equal(t.b.notifications, 200);
	pair_close(&t);
}

/* A half-close sends the queue, reads nothing more, and still reports the end of file. */
static void
test_half_close(void **state)
{
	struct pair t;
	struct buf b;
	size_t n = 0;

	(void)state;
	pair_open(&t, true);
	buf_init(&b, 0);
	for (int i = 0; i < 3000; i++)
		(void)peer_notify(t.a.peer, "x", json_pack("{si}", "n", i), -1, 0);
	for (int i = 0; i < 6; i++) {
		json_t *big = json_pack("{so}", "s", json_sprintf("%0*d", 100000, i));

		assert_int_equal(peer_notify(t.a.peer, "big", big, -1, 0), 0);
	}
	assert_true(peer_unsent(t.a.peer) > 0);
	peer_half_close(t.a.peer);
	assert_int_equal(peer_notify(t.a.peer, "late", NULL, -1, 0), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(peer_call(t.a.peer, "late", NULL, false, side_answer, &t.a), 0);
	assert_int_equal(errno, EPIPE);
	raw_puts(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"ignored\"}\n garbage \n");
	for (int turn = 0; turn < TURNS && raw_read(&t, &b); turn++)
		(void)loop_turn(t.loop, 0);
	for (size_t i = 0; i < buf_len(&b); i++)
		n += buf_data(&b)[i] == '\n';
	assert_int_equal(n, 3006);
	expect_heard(&t.a, "");
	assert_int_equal(t.a.closed, 0);
	(void)close(t.raw);
	t.raw = -1;
	expect_closed(&t, &t.a, false, "");
	buf_clear(&b);
	pair_close(&t);
}

static void
half_close_on_notification(struct side *s, const char *method, json_t *params, int fd)
{
	(void)fd;
	side_hear(s, "goodbye", method, params);
	(void)peer_notify(s->peer, "last", NULL, -1, 0);
	peer_half_close(s->peer);
}

static void
test_half_close_within(void **state)
{
	static const char frames[] =
	    "{\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n"
	    "{\"jsonrpc\":\"2.0\",\"method\":\"y\"}\n{\"jsonrpc\":";
	struct pair t;
	struct buf b;

	(void)state;
	pair_open(&t, true);
	buf_init(&b, 0);
	t.a.on_notification = half_close_on_notification;
	raw_puts(&t, frames);
	json_decref(raw_frame(&t, &b));
	pair_settle(&t);
	assert_false(raw_read(&t, &b));
	expect_heard(&t.a, "goodbye x {}\n");
	assert_int_equal(t.a.closed, 0);
	buf_clear(&b);
	pair_close(&t);
}

/* A peer without callbacks for requests and notifications. */
static void
test_without_callbacks(void **state)
{
	static const struct peer_ops only_closed = { .closed = side_closed };
	struct pair t;

	(void)state;
	for (int request = 0; request < 2; request++) {
		pair_open(&t, true);
		peer_free(t.a.peer);
		(void)close(t.raw);
		{
			int fds[2];

			assert_int_equal(sock_pair(fds), 0);
			t.a.peer = peer_new(t.loop, fds[0], &only_closed, &t.a);
			t.raw = fds[1];
		}
		raw_puts(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n");
		pair_settle(&t);
		assert_int_equal(t.a.closed, 0);
		if (request == 1) {
			raw_puts(&t, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}\n");
			expect_closed(
			    &t, &t.a, true, "a request from a peer that may not send any");
		}
		pair_close(&t);
	}
}

static uint32_t
scramble(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Frames with some bytes changed, doubled or lost, and random bytes. */
static size_t
garble(char *out, uint32_t *seed)
{
	static const char *const frames[] = {
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"id\":3,\"spawn\":1}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"m\",\"params\":{\"data\":\"ab\","
	    "\"total\":4}}\n",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"part\",\"params\":{\"id\":9,"
	    "\"data\":\"cd\"}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":10,\"message\":\"x\"}}\n",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"fd\":true,\"params\":{}}\n",
	};
	const char *from = frames[scramble(seed) % nitems(frames)];
	size_t len = strlen(from), n = scramble(seed) % 3 / 2 * (1 + scramble(seed) % 3);

	memcpy(out, from, len);
	while (n-- > 0) {
		size_t at = scramble(seed) % (len - 1);

		if (scramble(seed) % 2)
			out[at] = (char)scramble(seed);
		else
			memmove(out + at, out + at + 1, --len - at);
	}
	return len;
}

static void
test_garbage(void **state)
{
	uint32_t seed = 20251122;
	unsigned survived = 0;

	(void)state;
	for (int round = 0; round < 1500; round++) {
		char bytes[256];
		struct pair t;

		pair_open(&t, true);
		(void)peer_call(t.a.peer, "x", NULL, false, side_answer, &t.a);
		for (int i = 0; i < 2; i++)
			raw_write(&t, bytes, garble(bytes, &seed),
			    scramble(&seed) % 16 == 0 ? STDIN_FILENO : -1);
		pair_settle(&t);
		survived += t.a.closed == 0;
		assert_true(t.a.closed == 0 ? t.a.peer != NULL : t.a.violation);
		pair_close(&t);
	}
	assert_in_range(survived, 100, 1400);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_answers_in_any_order),
		cmocka_unit_test(test_violations),
		cmocka_unit_test(test_tolerated),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_end_of_file),
		cmocka_unit_test(test_answers_after_end_of_file),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_free_in_callbacks),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_drain_past_budget),
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_half_close_within),
		cmocka_unit_test(test_without_callbacks),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
