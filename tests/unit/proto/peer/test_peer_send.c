#include "pair.h"

#include "common/clock.h"

#include <inttypes.h>
#include <malloc.h>
#include <sys/stat.h>

static void
test_nothing_is_written_before_the_flush(void **state)
{
	struct pair t;
	struct buf b;

	(void)state;
	pair_open(&t, true);
	buf_init(&b, 0);
	peer_options(t.a.peer)->autoflush = false;
	assert_int_equal(peer_notify(t.a.peer, "x", NULL, -1, 0), 0);
	assert_true(raw_read(&t, &b));
	assert_int_equal(buf_len(&b), 0);
	assert_int_equal(peer_unsent(t.a.peer),
	    strlen("{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{}}\n"));
	peer_flush(t.a.peer);
	assert_int_equal(peer_unsent(t.a.peer), 0);
	assert_true(raw_read(&t, &b));
	assert_int_equal(
	    buf_len(&b), strlen("{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{}}\n"));
	buf_clear(&b);
	/* Without a flush by the owner it is sent in the next turn of the loop. */
	assert_int_equal(peer_notify(t.a.peer, "y", NULL, -1, 0), 0);
	json_decref(raw_frame(&t, &b));
	buf_clear(&b);
	pair_close(&t);
}

/* Queued small messages take little more memory than their bytes. */
static void
test_small_messages_cost_little(void **state)
{
	struct pair t;
	size_t before = mallinfo2().uordblks;
	uint64_t id = 0;

	(void)state;
	pair_open(&t, true);
	peer_options(t.a.peer)->autoflush = false;
	while (peer_unsent(t.a.peer) < PEER_OUT_MAX / 2)
		assert_int_equal(peer_reply(t.a.peer, ++id, NULL, -1, 0), 0);
	assert_true(mallinfo2().uordblks - before < PEER_OUT_MAX);
	pair_close(&t);
}

/* A descriptor that its size identifies. */
static int
marked_file(off_t size)
{
	char path[] = "/tmp/reeve-peer-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd != -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

static void
expect_marked(int fd, off_t size)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, size);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void
reply_with_file(struct side *s, uint64_t id, const char *method, json_t *params)
{
	(void)method;
	(void)params;
	assert_int_equal(peer_reply(s->peer, id, NULL, marked_file((off_t)id), 0), 0);
}

static void
test_descriptors_in_order(void **state)
{
	static char x[3000];
	struct pair t;
	int here = 0;

	(void)state;
	memset(x, 'x', sizeof(x) - 1);
	pair_open(&t, false);
	peer_options(t.a.peer)->autoflush = false;
	/* The frames fill the socket; some neighbours both have a descriptor. */
	for (int i = 0; i < 400; i++) {
		int fd = i % 7 == 0 || i % 20 == 1 ? marked_file(++here) : -1;

		if (here >= SIDE_FDS - 1 && fd != -1) {
			(void)close(fd);
			fd = -1;
			here--;
		}
		assert_int_equal(
		    peer_notify(t.a.peer, "x", json_pack("{ss}", "x", x), fd, 0), 0);
	}
	assert_true(here > 30);
	UNTIL(&t, t.b.notifications == 400);
	assert_int_equal(t.b.nfds, here);
	for (int i = 0; i < here; i++)
		expect_marked(t.b.fds[i], i + 1);
	assert_int_equal(t.b.closed, 0);
	pair_close(&t);
}

static void
test_descriptor_in_answers(void **state)
{
	struct pair t;

	(void)state;
	pair_open(&t, false);
	t.b.on_request = reply_with_file;
	for (int i = 0; i < 3; i++)
		assert_true(peer_call(t.a.peer, "open", NULL, true, side_answer, &t.a) > 0);
	UNTIL(&t, t.a.answers == 3);
	assert_int_equal(t.a.nfds, 3);
	for (int i = 0; i < 3; i++)
		expect_marked(t.a.fds[i], i + 1);
	pair_close(&t);
}

static void
test_descriptor_without_want(void **state)
{
	struct pair t;

	(void)state;
	pair_open(&t, false);
	t.b.on_request = reply_with_file;
	assert_true(peer_call(t.a.peer, "open", NULL, false, side_answer, &t.a) > 0);
	expect_closed(&t, &t.a, true, "a descriptor that was not requested");
	assert_int_equal(t.a.answers, 0);
	assert_int_equal(t.a.nfds, 0);
	pair_close(&t);
}

static void
test_descriptor_for_the_forgotten(void **state)
{
	struct pair t;
	uint64_t id;
	int reader;

	(void)state;
	pair_open(&t, false);
	id = peer_call(t.a.peer, "open", NULL, true, side_answer, &t.a);
	peer_forget(t.a.peer, id);
	UNTIL(&t, t.b.requests == 1);
	assert_int_equal(peer_reply(t.b.peer, id, NULL, pipe_watch(&reader), 0), 0);
	UNTIL(&t, pipe_is_closed(reader));
	pair_settle(&t);
	assert_int_equal(t.a.closed, 0);
	(void)close(reader);
	pair_close(&t);
}

static const struct {
	const char *frame, *why;
} unasked[] = {
    {"{\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n", "a descriptor that was not requested"},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"fd\":false}\n",
	"a descriptor that was not requested"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}\n",
	"a descriptor that was not requested"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"fd\":true}\n",
	"a descriptor with a request"},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"part\",\"fd\":true,"
     "\"params\":{\"id\":1,\"data\":\"\"}}\n",
	"a descriptor that was not requested"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"fd\":true}\n",
	"a descriptor that was not requested"},
    {"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":1,\"fd\":true}\n", "a response to nothing"},
    {"{\"jsonrpc\":\"1.0\",\"method\":\"x\",\"fd\":true}\n", "not JSON-RPC 2.0"},
    {"{\n", "bad frame: not JSON"},
};

static void
test_unasked_descriptors(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(unasked); i++) {
		struct pair t;
		int reader, writer = pipe_watch(&reader);

		pair_open(&t, true);
		assert_int_equal(
		    peer_call(t.a.peer, "x", NULL, false, side_answer, &t.a), 1);
		raw_write(&t, unasked[i].frame, strlen(unasked[i].frame), writer);
		(void)close(writer);
		expect_closed(&t, &t.a, true, unasked[i].why);
		assert_int_equal(t.a.nfds, 0);
		assert_true(pipe_is_closed(reader));
		(void)close(reader);
		pair_close(&t);
	}
}

/* Too many descriptors, with one message or while a line is incomplete. */
static void
test_descriptor_flood(void **state)
{
	struct pair t;
	int reader, writer = pipe_watch(&reader);

	(void)state;
	pair_open(&t, true);
	for (int i = 0; i < 5; i++)
		raw_write(&t, " ", 1, writer);
	(void)close(writer);
	pair_settle(&t);
	raw_puts(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"fd\":true}\n");
	expect_closed(&t, &t.a, true, "a descriptor that was not requested");
	side_close(&t.a);
	t.a = (struct side){ 0 };
	assert_true(pipe_is_closed(reader));
	(void)close(reader);
	pair_close(&t);
}

static void
test_queue_bound(void **state)
{
	static char x[100 * 1024];
	int reader, n, r = 0;
	struct pair t;

	(void)state;
	memset(x, 'x', sizeof(x) - 1);
	for (int autoflush = 0; autoflush < 2; autoflush++) {
		int fd = pipe_watch(&reader);

		pair_open(&t, true);
		peer_options(t.a.peer)->autoflush = autoflush;
		t.a.in_call = true;
		for (n = 0; n < 1000; n++) {
			r = peer_notify(t.a.peer, "x", json_pack("{ss}", "x", x), fd, 0);
			fd = -1;
			if (r == -1)
				break;
			assert_true(peer_unsent(t.a.peer) <= PEER_OUT_MAX);
		}
		t.a.in_call = false;
		assert_int_equal(r, -1);
		assert_int_equal(errno, ENOBUFS);
		assert_in_range(
		    n, PEER_OUT_MAX / sizeof(x) - 1, PEER_OUT_MAX / sizeof(x) + 10);
		assert_int_equal(peer_notify(t.a.peer, "x", NULL, -1, 0), -1);
		assert_int_equal(errno, EPIPE);
		expect_closed(
		    &t, &t.a, false, "cannot queue a message: No buffer space available");
		pair_close(&t);
		assert_true(pipe_is_closed(reader));
		(void)close(reader);
	}
}

/* A stream of four rows, each sent with the content of that moment. */
struct stream {
	struct peer *peer;
	uint64_t seq;        /* the newest change */
	uint64_t row_seq[4]; /* of the last change of each row; 0 = sent */
	uint64_t reached;
	size_t pulled;
	unsigned refuse; /* number of times that next() returns false */
};

static uint64_t
stream_reached(void *ctx)
{
	struct stream *s = ctx;

	return s->reached;
}

static bool
stream_next(void *ctx, struct buf *out)
{
	static char x[700];
	struct stream *s = ctx;
	size_t oldest = 4;

	if (s->refuse > 0) {
		s->refuse--;
		return false;
	}
	memset(x, 'x', sizeof(x) - 1);
	for (size_t i = 0; i < 4; i++)
		if (s->row_seq[i] > 0 &&
		    (oldest == 4 || s->row_seq[i] < s->row_seq[oldest]))
			oldest = i;
	if (oldest == 4)
		return false;
	s->reached = s->row_seq[oldest];
	s->row_seq[oldest] = 0;
	for (size_t i = 0; i < 4; i++)
		if (s->row_seq[i] > 0)
			oldest = 4;
	if (oldest != 4)
		s->reached = s->seq;
	s->pulled++;
	return buf_printf(out,
		   "{\"jsonrpc\":\"2.0\",\"method\":\"stream.process\","
		   "\"params\":{\"seq\":%" PRIu64 ",\"x\":\"%s\"}}\n",
		   s->reached, x) == 0;
}

static void
stream_change(struct stream *s, size_t row)
{
	s->row_seq[row] = ++s->seq;
	peer_wake(s->peer);
}

static const struct peer_puller *
stream_puller(struct stream *s, struct peer *p, struct peer_puller *puller)
{
	*s = (struct stream){ .peer = p };
	*puller = (struct peer_puller){ stream_reached, stream_next, s };
	return puller;
}

/* Reads frames up to reply `last` and checks that each reply comes after the changes that
 * it announces. Returns the number of changes. */
static size_t
read_in_order(struct pair *t, struct buf *b, uint64_t last)
{
	json_int_t seen = 0, id = 0;
	size_t changes = 0;

	while (id != (json_int_t)last) {
		json_t *frame = raw_frame(t, b);
		const json_t *seq =
		    json_object_get(json_object_get(frame, "params"), "seq");
		const json_t *promised = json_object_get(frame, "result");

		assert_string_equal(
		    json_string_value(json_object_get(frame, "jsonrpc")), "2.0");
		if (seq != NULL) {
			assert_true(json_integer_value(seq) > seen);
			seen = json_integer_value(seq);
			changes++;
		} else {
			id++;
			assert_int_equal(
			    json_integer_value(json_object_get(frame, "id")), id);
			assert_true(json_integer_value(promised) <= seen);
		}
		json_decref(frame);
	}
	return changes;
}

static void
test_changes_before_replies(void **state)
{
	struct peer_puller puller;
	struct stream s;
	struct pair t;
	struct buf b;
	size_t changes;

	(void)state;
	buf_init(&b, 0);
	for (int autoflush = 0; autoflush < 2; autoflush++) {
		pair_open(&t, true);
		peer_options(t.a.peer)->autoflush = autoflush;
		peer_pull_from(t.a.peer, stream_puller(&s, t.a.peer, &puller));
		/* A flush ends early when the machine is slow. */
		clock_freeze(1000, 1000);
		for (uint64_t i = 1; i <= 5000; i++) {
			stream_change(&s, i % 3);
			stream_change(&s, i % 2 + 1);
			assert_int_equal(peer_reply(t.a.peer, i,
					     json_integer((json_int_t)s.seq), -1, s.seq),
			    0);
			if (i % 100 == 0)
				peer_flush(t.a.peer);
		}
		/* The socket is full; replies are queued, rows are not. */
		assert_true(s.pulled < 1000);
		assert_true(peer_unsent(t.a.peer) > 0);
		clock_freeze(-1, -1);
		changes = read_in_order(&t, &b, 5000);
		assert_in_range(changes, 100, 2000);
		assert_int_equal(changes, s.pulled);
		assert_int_equal(s.reached, s.seq);
		buf_clear(&b);
		pair_close(&t);
	}
}

/* Without replies, the stream is pulled only as fast as the socket is read. */
static void
test_stream_alone(void **state)
{
	struct peer_puller puller;
	struct stream s;
	struct pair t;
	struct buf b;
	size_t stuck, changes;

	(void)state;
	pair_open(&t, true);
	buf_init(&b, 0);
	peer_pull_from(t.a.peer, stream_puller(&s, t.a.peer, &puller));
	for (int i = 0; i < 3000; i++)
		stream_change(&s, (size_t)i % 4);
	stuck = s.pulled;
	assert_in_range(stuck, 10, 2000);
	assert_true(peer_unsent(t.a.peer) < 70000);
	stream_change(&s, 0);
	pair_settle(&t);
	assert_int_equal(s.pulled, stuck);
	assert_int_equal(peer_reply(t.a.peer, 1, json_integer(1), -1, s.seq), 0);
	changes = read_in_order(&t, &b, 1);
	assert_int_equal(changes, s.pulled);
	buf_clear(&b);
	pair_close(&t);
}

/* A reply that needs no new change is sent at once. A puller that lacked memory is called
 * again. */
static void
test_stamps(void **state)
{
	struct peer_puller puller;
	struct stream s;
	struct pair t;
	struct buf b;
	json_t *frame;

	(void)state;
	pair_open(&t, true);
	buf_init(&b, 0);
	peer_pull_from(t.a.peer, stream_puller(&s, t.a.peer, &puller));
	s.seq = s.row_seq[0] = 9;
	s.refuse = 3;
	assert_int_equal(peer_reply(t.a.peer, 1, NULL, -1, 0), 0);
	assert_int_equal(peer_reply(t.a.peer, 2, NULL, -1, 9), 0);
	frame = raw_frame(&t, &b);
	assert_int_equal(json_integer_value(json_object_get(frame, "id")), 1);
	json_decref(frame);
	assert_int_equal(s.reached, 0);
	while (s.pulled == 0)
		assert_int_equal(loop_turn(t.loop, 1000), 0);
	frame = raw_frame(&t, &b);
	assert_null(json_object_get(frame, "id"));
	json_decref(frame);
	frame = raw_frame(&t, &b);
	assert_int_equal(json_integer_value(json_object_get(frame, "id")), 2);
	json_decref(frame);
	buf_clear(&b);
	pair_close(&t);
}

static void
test_descriptor_after_changes(void **state)
{
	struct peer_puller puller;
	struct stream s;
	struct pair t;
	int n;

	(void)state;
	pair_open(&t, false);
	peer_options(t.a.peer)->autoflush = false;
	peer_pull_from(t.a.peer, stream_puller(&s, t.a.peer, &puller));
	for (n = 0; n < 20; n++) {
		stream_change(&s, (size_t)n % 4);
		assert_int_equal(
		    peer_notify(t.a.peer, "x", NULL, marked_file(n + 1), s.seq), 0);
	}
	UNTIL(&t, t.b.nfds == 20);
	for (n = 0; n < 20; n++)
		expect_marked(t.b.fds[n], n + 1);
	assert_true(t.b.notifications > 20);
	pair_close(&t);
}

static void
test_last_write(void **state)
{
	static char x[100 * 1024];
	struct pair t;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	memset(x, 'x', sizeof(x) - 1);
	clock_freeze(1000, 1000);
	pair_open(&t, true);
	assert_int_equal(peer_last_write(t.a.peer), 1000);
	clock_freeze(2000, 2000);
	for (int i = 0; i < 10; i++)
		(void)peer_notify(t.a.peer, "x", json_pack("{ss}", "x", x), -1, 0);
	assert_int_equal(peer_last_write(t.a.peer), 2000);
	assert_true(peer_unsent(t.a.peer) > 0);
	clock_freeze(3000, 3000);
	peer_flush(t.a.peer);
	pair_settle(&t);
	assert_int_equal(peer_last_write(t.a.peer), 2000);
	assert_true(raw_read(&t, &b));
	UNTIL(&t, peer_last_write(t.a.peer) == 3000);
	buf_clear(&b);
	pair_close(&t);
	clock_freeze(-1, -1);
}

static void
test_reader_gone(void **state)
{
	struct pair t;
	int reader;

	(void)state;
	pair_open(&t, true);
	(void)close(t.raw);
	t.raw = -1;
	t.a.in_call = true;
	assert_int_equal(peer_notify(t.a.peer, "x", NULL, pipe_watch(&reader), 0), 0);
	assert_int_equal(peer_notify(t.a.peer, "x", NULL, -1, 0), -1);
	assert_int_equal(errno, EPIPE);
	t.a.in_call = false;
	expect_closed(&t, &t.a, false, "cannot write: Broken pipe");
	pair_close(&t);
	assert_true(pipe_is_closed(reader));
	(void)close(reader);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_written_before_the_flush),
		cmocka_unit_test(test_small_messages_cost_little),
		cmocka_unit_test(test_descriptors_in_order),
		cmocka_unit_test(test_descriptor_in_answers),
		cmocka_unit_test(test_descriptor_without_want),
		cmocka_unit_test(test_descriptor_for_the_forgotten),
		cmocka_unit_test(test_unasked_descriptors),
		cmocka_unit_test(test_descriptor_flood),
		cmocka_unit_test(test_queue_bound),
		cmocka_unit_test(test_changes_before_replies),
		cmocka_unit_test(test_stream_alone),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_descriptor_after_changes),
		cmocka_unit_test(test_last_write),
		cmocka_unit_test(test_reader_gone),
	};

	return cmocka_run_group_tests_name("peer_send", tests, NULL, NULL);
}
