/* Peer carry: b's end of a connection is taken out of a peer and put into a new one, as an
 * exec does, at every byte of what is sent. */
#include "pair.h"

#include "proto/peer/peer_carry.h"

#include <unistd.h>

#define STREAM                                                                        \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"first\",\"params\":{}}\n"         \
	"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"long\",\"params\":"               \
	"{\"name\":\"n\",\"data\":\"abc\",\"total\":9}}\n"                            \
	"{\"jsonrpc\":\"2.0\",\"method\":\"part\",\"params\":{\"id\":2,\"data\":"     \
	"\"\xc3\xa9\"}}\n"                                                            \
	"{\"jsonrpc\":\"2.0\",\"method\":\"part\",\"params\":{\"id\":2,\"data\":"     \
	"\"wxyz\"}}\n"                                                                \
	"{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"last\",\"params\":{}}\n"
#define HEARD                                                                         \
	"request first {}\n"                                                          \
	"request long {\"name\":\"n\",\"data\":\"abc\xc3\xa9wxyz\"}\n"                \
	"request last {}\n"

/* Puts a's end into a new peer. What it keeps is as after a trip through a document. */
static void
hand_over(struct pair *t, json_t *resumed)
{
	struct peer_carried carried;

	peer_carried_init(&carried);
	assert_int_equal(peer_carry(t->a.peer, &carried), 0);
	carried.fd = dup(carried.fd);
	for (size_t i = 0; i < carried.npieces; i++)
		if (carried.pieces[i].fd != -1)
			carried.pieces[i].fd = dup(carried.pieces[i].fd);
	peer_free(t->a.peer);
	side_open(&t->a, t->loop, carried.fd);
	peer_options(t->a.peer)->autoflush = false;
	assert_int_equal(peer_resume(t->a.peer, &carried, 0, resumed), 0);
	peer_carried_clear(&carried);
}

static void
test_input(void **state)
{
	(void)state;
	for (size_t at = 0; at <= strlen(STREAM); at++) {
		struct pair t;

		pair_open(&t, true);
		raw_write(&t, STREAM, at, -1);
		pair_settle(&t);
		hand_over(&t, NULL);
		raw_write(&t, &STREAM[at], strlen(STREAM) - at, -1);
		pair_settle(&t);
		expect_heard(&t.a, HEARD);
		assert_int_equal(t.a.closed, 0);
		pair_close(&t);
	}
}

/* Frames that were read and not dispatched, and a request that is repeated. */
static void
test_repeated(void **state)
{
	struct peer_carried carried;
	json_t *params = json_pack("{s:s}", "name", "x");
	struct pair t;

	(void)state;
	pair_open(&t, true);
	peer_carried_init(&carried);
	assert_int_equal(peer_carry_request(&carried, 7, "again", params), 0);
	assert_int_equal(peer_carry(t.a.peer, &carried), 0);
	assert_int_equal(buf_append(&carried.in, STREAM, strlen(STREAM)), 0);
	assert_int_equal(peer_resume(t.a.peer, &carried, 0, NULL), 0);
	peer_carried_clear(&carried);
	json_decref(params);
	pair_settle(&t);
	expect_heard(&t.a, "request again {\"name\":\"x\"}\n" HEARD);
	pair_close(&t);
}

/* More than the socket takes, with descriptors in between. */
static void
test_output(void **state)
{
	char *text = calloc(1, 100001);
	struct pair t;
	int fds[2];

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 100000);
	pair_open(&t, false);
	peer_options(t.a.peer)->autoflush = false;
	for (int i = 0; i < 30; i++) {
		assert_int_equal(pipe(fds), 0);
		close(fds[1]);
		assert_int_equal(
		    peer_notify(t.a.peer, i == 29 ? "end" : "n",
			json_pack("{s:s}", "t", text), i % 10 == 5 ? fds[0] : -1, 0),
		    0);
		if (i % 10 != 5)
			close(fds[0]);
	}
	peer_flush(t.a.peer);
	assert_true(peer_unsent(t.a.peer) > 1000000);
	hand_over(&t, json_pack("{s:i}", "now", 1));
	UNTIL(&t, t.b.notifications == 31);
	pair_settle(&t);
	assert_int_equal(t.b.nfds, 3);
	assert_int_equal(t.b.closed, 0);
	assert_int_equal(peer_unsent(t.a.peer), 0);
	assert_int_equal(peer_unsent_fds(t.a.peer), 0);
	assert_non_null(memmem(buf_data(&t.b.heard), buf_len(&t.b.heard),
	    "notification resumed {\"now\":1}\n", 31));
	pair_close(&t);
	free(text);
}

/* A reply to a request of the peer before is dropped; one to nothing is a violation. */
static void
test_replies(void **state)
{
	static const char late[] = "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":1}\n";
	static const char next[] = "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":1}\n";
	struct pair t;

	(void)state;
	pair_open(&t, true);
	for (int i = 0; i < 2; i++)
		assert_true(peer_call(t.a.peer, "x", NULL, false, side_answer, &t.a) > 0);
	pair_settle(&t);
	hand_over(&t, NULL);
	assert_int_equal(peer_call(t.a.peer, "x", NULL, false, side_answer, &t.a), 3);
	raw_write(&t, late, strlen(late), -1);
	raw_write(&t, next, strlen(next), -1);
	pair_settle(&t);
	expect_heard(&t.a, "UNKNOWN ok 1\n");
	raw_write(&t, next, strlen(next), -1);
	expect_closed(&t, &t.a, true, "a response to nothing");
	pair_close(&t);
}

static void
test_ended(void **state)
{
	struct peer_carried carried;
	struct pair t;

	(void)state;
	pair_open(&t, true);
	peer_half_close(t.a.peer);
	peer_carried_init(&carried);
	assert_int_equal(peer_carry(t.a.peer, &carried), -1);
	assert_int_equal(errno, ENOTCONN);
	peer_carried_clear(&carried);
	pair_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_input),
	    cmocka_unit_test(test_repeated),
	    cmocka_unit_test(test_output),
	    cmocka_unit_test(test_replies),
	    cmocka_unit_test(test_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
