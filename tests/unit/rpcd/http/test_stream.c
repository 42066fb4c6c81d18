/* Stream: the fake logs of http_world.h as streams: clients that leave, a source that
 * fails, and the limit of a listener. */
#include "tests/unit/rpcd/http/http_world.h"

/* Runs the loop until the latest stream has nothing to send. */
static void
stream_waits(struct world *w)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while (w->tails.latest == NULL || !w->tails.latest->waiting) {
		assert_true(clock_mono_ms() < end);
		loop_turn(w->rpcd.loop, 5);
		if (w->tails.latest != NULL && !w->tails.latest->open)
			fake_tail_go_on(&w->tails);
	}
}

#define GET_SHORT "GET /logtail/short HTTP/1.1\r\nHost: localhost\r\n\r\n"

/* A client leaves before its log is open, and while there is nothing to send. */
static void
test_client_leaves(void **state)
{
	struct world *w = world_new(false, NULL, NULL);
	int fd = client_open(w);

	(void)state;
	client_text(w, fd, GET_SHORT);
	while (w->tails.count == 0)
		loop_turn(w->rpcd.loop, 5);
	close(fd);
	world_settle(w);
	assert_int_equal(w->tails.count, 0);
	fd = client_open(w);
	client_text(w, fd, GET_SHORT);
	stream_waits(w);
	close(fd);
	world_settle(w);
	assert_int_equal(w->tails.count, 0);
	world_free(w);
}

/* A log that cannot be read ends the connection. */
static void
test_broken(void **state)
{
	struct world *w = world_new(false, NULL, NULL);
	int fd = client_open(w);
	struct buf got;

	(void)state;
	buf_init(&got, 0);
	client_text(w, fd, "GET /logtail/torn HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_false(client_until(w, fd, &got, NULL));
	assert_non_null(strstr(client_text_of(&got), "piece 0"));
	assert_null(strstr(client_text_of(&got), "\r\n0\r\n"));
	buf_clear(&got);
	close(fd);
	world_free(w);
}

/* The listener is freed while one client waits for its log and another for more data. */
static void
test_free_with_streams(void **state)
{
	struct world *w = world_new(true, NULL, NULL);
	int one = client_open(w), other = client_open(w);

	(void)state;
	client_text(w, one, GET_SHORT);
	stream_waits(w);
	client_text(w, other, GET_SHORT);
	while (w->tails.count < 2)
		loop_turn(w->rpcd.loop, 5);
	world_free(w);
	close(one);
	close(other);
}

/* The listener reaches its limit of streams; another is possible when one client has
 * left. */
static void
test_bound(void **state)
{
	struct world *w = world_new(true, NULL, NULL);
	int fds[HTTP_STREAMS_MAX + 1];
	size_t n = 0, most;
	struct buf got;
	bool refused = false;

	(void)state;
	buf_init(&got, 0);
	while (!refused) {
		assert_true(n < nitems(fds));
		fds[n] = client_open(w);
		client_text(w, fds[n], GET_SHORT);
		n++;
		while (w->tails.count < n && !refused) {
			loop_turn(w->rpcd.loop, 5);
			(void)client_read(fds[n - 1], &got);
			refused = strstr(client_text_of(&got), " 503 ") != NULL;
		}
	}
	most = w->tails.count;
	assert_int_equal(most, n - 1);
	assert_true(most > 10);
	close(fds[0]);
	while (w->tails.count == most)
		loop_turn(w->rpcd.loop, 5);
	client_text(w, fds[n - 1], GET_SHORT);
	while (w->tails.count < most)
		loop_turn(w->rpcd.loop, 5);
	world_free(w);
	for (size_t i = 1; i < n; i++)
		close(fds[i]);
	buf_clear(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_client_leaves),
	    cmocka_unit_test(test_broken),
	    cmocka_unit_test(test_free_with_streams),
	    cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
