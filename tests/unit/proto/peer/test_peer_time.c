/* The time that one peer, and all peers together, may use in a turn of the loop. */
#include "pair.h"

#include "common/clock.h"
#include "proto/frame.h"

#define PEERS 6
#define REQUESTS 8

/* Several peers send requests of which each takes 3 ms of the clock. */
struct crowd {
	struct loop *loop;
	struct side sides[PEERS];
	int raw[PEERS];
};

static void
slow_request(struct side *s, uint64_t id, const char *method, json_t *params)
{
	(void)s;
	(void)id;
	(void)method;
	(void)params;
	clock_freeze(clock_mono_ms() + 3, 0);
}

static void
crowd_open(struct crowd *c, bool autoflush)
{
	int fds[2];

	*c = (struct crowd){ .loop = loop_new() };
	assert_non_null(c->loop);
	for (size_t i = 0; i < PEERS; i++) {
		assert_int_equal(sock_pair(fds), 0);
		side_open(&c->sides[i], c->loop, fds[0]);
		peer_options(c->sides[i].peer)->autoflush = autoflush;
		c->sides[i].on_request = slow_request;
		c->raw[i] = fds[1];
	}
}

static void
crowd_ask(const struct crowd *c, size_t i, int requests)
{
	static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}\n";

	while (requests-- > 0)
		assert_int_equal(
		    sock_send(c->raw[i], request, strlen(request), -1), strlen(request));
}

static size_t
crowd_requests(const struct crowd *c)
{
	size_t requests = 0;

	for (size_t i = 0; i < PEERS; i++)
		requests += c->sides[i].requests;
	return requests;
}

static void
crowd_close(struct crowd *c)
{
	clock_freeze(-1, -1);
	for (size_t i = 0; i < PEERS; i++) {
		side_close(&c->sides[i]);
		(void)close(c->raw[i]);
	}
	loop_free(c->loop);
}

/* A peer's turn ends when its requests have used its time. */
static void
test_one_peer(void **state)
{
	struct crowd c;

	(void)state;
	crowd_open(&c, false);
	clock_freeze(1000, 0);
	crowd_ask(&c, 0, REQUESTS);
	for (size_t done = 0; done < REQUESTS; done++) {
		assert_int_equal(crowd_requests(&c), done);
		(void)loop_turn(c.loop, 0);
	}
	assert_int_equal(crowd_requests(&c), REQUESTS);
	crowd_close(&c);
}

/* Several peers use little more time than one, and are served in order. */
static void
test_many_peers(void **state)
{
	struct crowd c;

	(void)state;
	crowd_open(&c, false);
	clock_freeze(1000, 0);
	for (size_t i = 0; i < PEERS; i++)
		crowd_ask(&c, i, REQUESTS);
	for (size_t done = 0; done < (size_t)PEERS * REQUESTS; done += 2) {
		assert_int_equal(crowd_requests(&c), done);
		for (size_t i = 0; i < PEERS; i++)
			assert_in_range(
			    c.sides[i].requests, done / PEERS, done / PEERS + 1);
		(void)loop_turn(c.loop, 0);
	}
	crowd_close(&c);
}

/* A new request is served before the waiting input of peers that have had their share. */
static void
test_late_comer(void **state)
{
	struct crowd c;

	(void)state;
	crowd_open(&c, false);
	clock_freeze(1000, 0);
	for (size_t i = 1; i < PEERS; i++)
		crowd_ask(&c, i, REQUESTS);
	for (int turn = 0; turn < 3; turn++)
		(void)loop_turn(c.loop, 0);
	crowd_ask(&c, 0, 1);
	(void)loop_turn(c.loop, 0);
	assert_int_equal(c.sides[0].requests, 1);
	crowd_close(&c);
}

/* Peers with autoflush do not share a budget. */
static void
test_apart(void **state)
{
	struct crowd c;

	(void)state;
	crowd_open(&c, true);
	clock_freeze(1000, 0);
	for (size_t i = 0; i < PEERS; i++)
		crowd_ask(&c, i, 1);
	(void)loop_turn(c.loop, 0);
	assert_int_equal(crowd_requests(&c), PEERS);
	crowd_close(&c);
}

/* Received frames are checked against the peer's limits. */
static void
test_limits(void **state)
{
	static const struct frame_limits small = { 100, 10 };
	struct pair t;

	(void)state;
	pair_open(&t, true);
	peer_options(t.a.peer)->limits = &small;
	assert_true(dprintf(t.raw, "{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"a\":[%s1]}\n",
			"1,1,1,") > 0);
	UNTIL(&t, t.a.notifications == 1);
	assert_true(dprintf(t.raw, "{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"a\":[%s1]}\n",
			"1,1,1,1,1,1,1,1,") > 0);
	expect_closed(&t, &t.a, true, "bad frame: too many values");
	pair_close(&t);
	pair_open(&t, true);
	peer_options(t.a.peer)->limits = &small;
	assert_true(dprintf(t.raw, "%100d", 1) > 0);
	expect_closed(&t, &t.a, true, "bad frame: too long");
	pair_close(&t);
}

/* A request that exceeds the limits of the other end is not sent. */
static void
test_asked_max(void **state)
{
	char *name = calloc(1, FRAME_REQUEST_MAX + 1);
	struct pair t;

	(void)state;
	assert_non_null(name);
	memset(name, 'x', FRAME_REQUEST_MAX);
	pair_open(&t, false);
	assert_true(peer_call(t.a.peer, "m", json_pack("{ss}", "name", name), false,
			side_answer, &t.a) != 0);
	peer_options(t.a.peer)->request_limits = &frame_limits_request;
	assert_true(peer_call(t.a.peer, "m", json_pack("{ss}", "name", name), false,
			side_answer, &t.a) == 0);
	assert_int_equal(errno, EMSGSIZE);
	pair_close(&t);
	free(name);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_peer),
		cmocka_unit_test(test_many_peers),
		cmocka_unit_test(test_late_comer),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_asked_max),
	};

	return cmocka_run_group_tests_name("peer_time", tests, NULL, NULL);
}
