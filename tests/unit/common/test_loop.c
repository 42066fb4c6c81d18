/* Loop: descriptors, the hook at the end of a turn, and loop_stop. */
#include "tests/unit/common/loop_probe.h"

#include <fcntl.h>
#include <signal.h>

#define MANY 200

static void
test_descriptor(void **state)
{
	struct loop *l = setup_frozen();
	struct probe p = probe_ready(l);

	(void)state;
	p.source = loop_fd(l, p.fd, EPOLLIN, note, &p);
	assert_non_null(p.source);
	turn(l);
	assert_int_equal(p.calls, 1);
	assert_int_equal(p.ready, EPOLLIN);
	source_want(p.source, 0);
	turn(l);
	assert_int_equal(p.calls, 1);
	source_want(p.source, EPOLLIN | EPOLLOUT);
	turn(l);
	assert_int_equal(p.ready, EPOLLIN | EPOLLOUT);
	assert_int_equal(source_deadline(p.source), -1);
	source_free(p.source);
	turn(l);
	assert_int_equal(p.calls, 2);
	source_free(NULL);
	close(p.fd);
	teardown(l);
}

static void
test_hangup_is_reported(void **state)
{
	struct loop *l = setup_frozen();
	struct probe p = { .loop = l };
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	p.source = loop_fd(l, fds[0], 0, note, &p);
	turn(l);
	assert_int_equal(p.calls, 0);
	close(fds[1]);
	turn(l);
	assert_int_equal(p.calls, 1);
	assert_int_equal(p.ready, EPOLLHUP);
	source_free(p.source);
	close(fds[0]);
	teardown(l);
}

static void
test_refused(void **state)
{
	struct loop *l = setup_frozen();
	struct probe p = probe_ready(l);
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_null(loop_fd(l, -1, EPOLLIN, note, &p));
	assert_int_equal(errno, EBADF);
	assert_null(loop_fd(l, file, EPOLLIN, note, &p));
	assert_int_equal(errno, EPERM);
	assert_non_null(loop_fd(l, p.fd, EPOLLIN, note, &p));
	assert_null(loop_fd(l, p.fd, EPOLLIN, note, &p));
	assert_int_equal(errno, EEXIST);
	assert_null(loop_signal(l, 0, note, &p));
	assert_int_equal(errno, EINVAL);
	assert_null(loop_signal(l, 65, note, &p));
	assert_int_equal(errno, EINVAL);
	close(p.fd);
	close(file);
	teardown(l);
}

/* Two ready descriptors whose callbacks free each other: the second is never called. */
static void
test_freed_is_not_called(void **state)
{
	struct loop *l = setup_frozen();
	struct probe a = probe_ready(l), b = probe_ready(l);

	(void)state;
	a.source = b.victim = loop_fd(l, a.fd, EPOLLIN, note, &a);
	b.source = a.victim = loop_fd(l, b.fd, EPOLLIN, note, &b);
	turn(l);
	assert_int_equal(a.calls + b.calls, 1);
	turn(l);
	assert_int_equal(a.calls + b.calls, 2);
	assert_true(a.calls == 2 || b.calls == 2);
	close(a.fd);
	close(b.fd);
	teardown(l);
}

static void
test_frees_itself(void **state)
{
	struct loop *l = setup_frozen();
	struct probe p = probe_ready(l), t = { .loop = l };

	(void)state;
	p.victim = loop_fd(l, p.fd, EPOLLIN, note, &p);
	t.victim = loop_timer(l, note, &t);
	source_arm(t.victim, START);
	turn(l);
	turn(l);
	assert_int_equal(p.calls, 1);
	assert_int_equal(t.calls, 1);
	close(p.fd);
	teardown(l);
}

/* The source that is called first clears what the other waits for. */
struct pair {
	struct source *other;
	int *calls;
};

static void
mute(void *ctx, uint32_t ready)
{
	struct pair *p = ctx;

	(void)ready;
	++*p->calls;
	source_want(p->other, 0);
}

static void
test_unwanted_is_not_called(void **state)
{
	struct loop *l = setup_frozen();
	struct probe a = probe_ready(l), b = probe_ready(l);
	int calls = 0;
	struct pair x = { .calls = &calls }, y = { .calls = &calls };

	(void)state;
	y.other = loop_fd(l, a.fd, EPOLLIN, mute, &x);
	x.other = loop_fd(l, b.fd, EPOLLIN, mute, &y);
	turn(l);
	assert_int_equal(calls, 1);
	close(a.fd);
	close(b.fd);
	teardown(l);
}

static void
test_many_ready_share(void **state)
{
	struct loop *l = setup_frozen();
	static struct probe p[MANY];
	int i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		p[i] = probe_ready(l);
		p[i].source = loop_fd(l, p[i].fd, EPOLLIN, note, &p[i]);
		assert_non_null(p[i].source);
	}
	for (i = 0; i < 8; i++)
		turn(l);
	for (i = 0; i < MANY; i++) {
		assert_in_range(p[i].calls, 1, 4);
		close(p[i].fd);
	}
	teardown(l);
}

struct hook {
	int calls;
	struct source *victim;
};

static void
at_end(void *ctx)
{
	struct hook *h = ctx;

	h->calls++;
	source_free(h->victim);
	h->victim = NULL;
}

static void
test_turn_end(void **state)
{
	struct loop *l = setup_frozen();
	struct probe a = probe_ready(l), b = probe_ready(l);
	struct hook h = { 0 };

	(void)state;
	loop_at_turn_end(l, at_end, &h);
	turn(l);
	assert_int_equal(h.calls, 0);
	a.source = loop_fd(l, a.fd, EPOLLIN, note, &a);
	b.source = loop_fd(l, b.fd, EPOLLIN, note, &b);
	h.victim = b.source;
	turn(l);
	assert_int_equal(h.calls, 1);
	assert_int_equal(a.calls + b.calls, 2);
	turn(l);
	assert_int_equal(h.calls, 2);
	assert_int_equal(b.calls, 1);
	loop_at_turn_end(l, NULL, NULL);
	turn(l);
	assert_int_equal(h.calls, 2);
	close(a.fd);
	close(b.fd);
	teardown(l);
}

static void
nest(void *ctx, uint32_t ready)
{
	struct probe *p = ctx;

	(void)ready;
	p->calls++;
	assert_int_equal(loop_turn(p->loop, 0), -1);
	assert_int_equal(errno, EBUSY);
}

static void
test_stop_and_nesting(void **state)
{
	struct loop *l = setup_frozen();
	struct probe p = probe_ready(l), q = probe_ready(l);

	(void)state;
	p.stop = true;
	p.source = loop_fd(l, p.fd, EPOLLIN, note, &p);
	assert_non_null(loop_fd(l, q.fd, EPOLLIN, nest, &q));
	assert_int_equal(loop_run(l), 0);
	assert_int_equal(p.calls, 1);
	assert_int_equal(q.calls, 1);
	loop_stop(l);
	assert_int_equal(loop_run(l), 0);
	assert_int_equal(p.calls, 1);
	assert_int_equal(loop_run(l), 0);
	assert_int_equal(p.calls, 2);
	close(p.fd);
	close(q.fd);
	teardown(l);
	loop_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_hangup_is_reported),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_freed_is_not_called),
		cmocka_unit_test(test_frees_itself),
		cmocka_unit_test(test_unwanted_is_not_called),
		cmocka_unit_test(test_many_ready_share),
		cmocka_unit_test(test_turn_end),
		cmocka_unit_test(test_stop_and_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
