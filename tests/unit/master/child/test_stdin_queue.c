#include "master/child/stdin_queue.h"
#include "tests/unit/master/scratch.h"

#include <signal.h>

struct pipe_end {
	struct loop *loop;
	struct stdin_queue *input;
	int reader;
};

static struct pipe_end
open_input(void)
{
	struct pipe_end end;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_non_null(end.loop = loop_new());
	assert_non_null(end.input = stdin_queue_new(end.loop, fds[1], STDIN_QUEUE_MAX));
	end.reader = fds[0];
	return end;
}

static void
close_input(struct pipe_end *end)
{
	stdin_queue_free(end->input);
	if (end->reader != -1)
		close(end->reader);
	loop_free(end->loop);
}

static bool
is_closed(void *ctx)
{
	return ((const struct stdin_queue *)ctx)->fd == -1;
}

static void
test_direct(void **state)
{
	struct pipe_end end = open_input();
	char got[8];

	(void)state;
	assert_int_equal(stdin_queue_write(end.input, "hello", 5), 0);
	assert_int_equal(buf_len(&end.input->queue), 0);
	assert_int_equal(read(end.reader, got, sizeof(got)), 5);
	assert_memory_equal(got, "hello", 5);
	assert_int_equal(stdin_queue_write(end.input, "", 0), 0);
	close_input(&end);
}

static void
test_bound(void **state)
{
	struct pipe_end end = open_input();
	char *much = calloc(1, STDIN_QUEUE_MAX + 1);
	size_t queued;

	(void)state;
	assert_non_null(much);
	assert_int_equal(stdin_queue_write(end.input, much, STDIN_QUEUE_MAX + 1), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(read(end.reader, much, 1), -1); /* nothing was written */
	assert_int_equal(stdin_queue_write(end.input, much, STDIN_QUEUE_MAX), 0);
	queued = buf_len(&end.input->queue);
	assert_in_range(queued, 1, STDIN_QUEUE_MAX);
	assert_int_equal(
	    stdin_queue_write(end.input, much, STDIN_QUEUE_MAX - queued + 1), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(buf_len(&end.input->queue), queued);
	assert_int_equal(stdin_queue_write(end.input, much, STDIN_QUEUE_MAX - queued), 0);
	assert_int_equal(buf_len(&end.input->queue), STDIN_QUEUE_MAX);
	free(much);
	close_input(&end);
}

struct sink {
	struct pipe_end end;
	size_t at, total;
	bool in_order;
};

static bool
all_read(void *ctx)
{
	struct sink *sink = ctx;
	unsigned char got[5000];
	ssize_t n, i;

	while ((n = read(sink->end.reader, got, sizeof(got))) > 0)
		for (i = 0; i < n; i++, sink->at++)
			if (got[i] != (unsigned char)(sink->at * 7 % 251))
				sink->in_order = false;
	return sink->at == sink->total;
}

/* Bytes that the pipe does not accept at once are written in order as the child reads. */
static void
test_partial(void **state)
{
	struct sink sink = { .end = open_input(), .total = 400000, .in_order = true };
	char *much = malloc(sink.total);
	size_t i;

	(void)state;
	assert_non_null(much);
	for (i = 0; i < sink.total; i++)
		much[i] = (char)(i * 7 % 251);
	assert_int_equal(stdin_queue_write(sink.end.input, much, 300000), 0);
	assert_true(buf_len(&sink.end.input->queue) > 0);
	assert_int_equal(stdin_queue_write(sink.end.input, much + 300000, 100000), 0);
	assert_true(scratch_until(sink.end.loop, all_read, &sink));
	assert_true(sink.in_order);
	assert_int_equal(buf_len(&sink.end.input->queue), 0);
	/* While nothing is queued, the writable pipe does not wake the loop. */
	assert_int_equal(loop_turn(sink.end.loop, 0), 0);
	free(much);
	close_input(&sink.end);
}

static void
test_broken(void **state)
{
	struct pipe_end end = open_input();

	(void)state;
	close(end.reader);
	end.reader = -1;
	assert_int_equal(stdin_queue_write(end.input, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(end.input->fd, -1);
	assert_int_equal(stdin_queue_write(end.input, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(buf_len(&end.input->queue), 0);
	close_input(&end);
}

/* The loop notices the closed pipe, also while nothing is queued. */
static void
test_hangup(void **state)
{
	struct pipe_end end = open_input();

	(void)state;
	close(end.reader);
	end.reader = -1;
	assert_true(scratch_until(end.loop, is_closed, end.input));
	assert_int_equal(stdin_queue_write(end.input, "", 0), -1);
	assert_int_equal(errno, EPIPE);
	close_input(&end);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_direct),
	    TEST(test_bound),
	    TEST(test_partial),
	    TEST(test_broken),
	    TEST(test_hangup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
