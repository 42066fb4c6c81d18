/* Http: the budget of a reply is released however the reply ends. */
#include "tests/unit/rpcd/http/http_world.h"

#define POST_LARGE "POST /RPC2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nlarge"
#define POST_STREAM "POST /RPC2 HTTP/1.1\r\nContent-Length: 6\r\n\r\nstream"

static void
until_held(struct world *w, size_t bytes)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while (w->calls.budget.bytes != bytes) {
		assert_true(clock_mono_ms() < end);
		loop_turn(w->rpcd.loop, 5);
	}
}

/* A client that does not read yet. */
static int
open_large(struct world *w)
{
	size_t before = w->calls.budget.bytes;
	int fd = client_open(w);

	client_text(w, fd, POST_LARGE);
	until_held(w, before + LARGE);
	for (int i = 0; i < 20; i++)
		loop_turn(w->rpcd.loop, 0);
	assert_int_equal(w->calls.budget.bytes, before + LARGE);
	return fd;
}

static void
test_sent(void **state)
{
	struct world *w = world_new(true, NULL, NULL);
	int fd = open_large(w);
	struct buf got;

	(void)state;
	buf_init(&got, 0);
	while (buf_len(&got) < LARGE) {
		loop_turn(w->rpcd.loop, 5);
		assert_true(client_read(fd, &got));
	}
	until_held(w, 0);
	buf_clear(&got);
	close(fd);
	world_free(w);
}

/* One client leaves, the other's reply stays counted. */
static void
test_client_gone(void **state)
{
	struct world *w = world_new(false, NULL, NULL);
	int one = open_large(w), other = open_large(w);

	(void)state;
	close(one);
	until_held(w, LARGE);
	close(other);
	until_held(w, 0);
	world_free(w);
}

static void
test_listener_stopped(void **state)
{
	struct world *w = world_new(true, NULL, NULL);
	int one = open_large(w), other = open_large(w);

	(void)state;
	http_server_free(w->listener);
	w->listener = NULL;
	assert_int_equal(w->calls.budget.bytes, 0);
	close(one);
	close(other);
	world_free(w);
}

/* A stream is freed, too, whether it was sent or not. */
static void
test_stream(void **state)
{
	struct world *w = world_new(false, NULL, NULL);
	int fd = client_open(w);
	struct buf got;

	(void)state;
	buf_init(&got, 0);
	client_text(w, fd, POST_STREAM);
	assert_true(client_until(w, fd, &got, "part 9"));
	world_settle(w);
	assert_int_equal(w->calls.streams, 1);
	client_text(w, fd, POST_STREAM);
	close(fd);
	for (int i = 0; i < 2000 && w->calls.streams == 1; i++)
		loop_turn(w->rpcd.loop, 5);
	world_settle(w);
	assert_int_equal(w->calls.streams, 2);
	buf_clear(&got);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sent),
		cmocka_unit_test(test_client_gone),
		cmocka_unit_test(test_listener_stopped),
		cmocka_unit_test(test_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
