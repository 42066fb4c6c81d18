#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/loop.h"

#define START 1000000	/* the frozen clock at the beginning of a test */
#define MANY 200

/* Stands before libc's: counts how often the loop sets its timerfd. */
static int timer_sets;
static int64_t timer_ns;

int
timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	timer_sets++;
	timer_ns = (int64_t)new->it_value.tv_sec * 1000000000 + new->it_value.tv_nsec;
	return (int)syscall(SYS_timerfd_settime, fd, flags, new, old);
}

/* What a callback was told, and what it is to do. */
struct probe {
	struct loop *loop;
	struct source *source, *victim;
	int64_t rearm;		/* of victim, when not 0 */
	int fd, calls;
	uint32_t ready;
	bool stop, clear;
};

static char trail[64];	/* the names of those called, in order */

static void
note(void *ctx, uint32_t ready)
{
	struct probe *p = ctx;
	uint64_t n;

	p->calls++;
	p->ready = ready;
	if (p->clear && read(p->fd, &n, sizeof(n)) != sizeof(n))
		fail();
	if (p->victim != NULL && p->rearm != 0) {
		source_arm(p->victim, p->rearm);
	} else if (p->victim != NULL) {
		source_free(p->victim);
		p->victim = NULL;
	}
	if (p->stop)
		loop_stop(p->loop);
}

static void
name_fd(void *ctx, uint32_t ready)
{
	(void)ready;
	assert_true(strlen(trail) + 1 < sizeof(trail));
	trail[strlen(trail)] = *(const char *)ctx;
}

static struct loop *
setup_frozen(void)
{
	struct loop *l = loop_new();

	assert_non_null(l);
	clock_freeze(START, START);
	memset(trail, 0, sizeof(trail));
	timer_sets = 0;
	return l;
}

static void
teardown(struct loop *l)
{
	loop_free(l);
	clock_freeze(-1, -1);
}

static struct probe
probe_ready(struct loop *l)
{
	return (struct probe){ .loop = l, .fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK) };
}

static void
turn(struct loop *l)
{
	assert_int_equal(loop_turn(l, 0), 0);
}

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
test_hangup_is_told(void **state)
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

/* Two ready descriptors that free one another: the second is never called. */
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

/* The one that is called first turns the other's interest off. */
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

static void
test_timer_order(void **state)
{
	static const struct {
		char name[2];
		int64_t at;
	} rows[] = {
		{ "d", 40 }, { "b", 20 }, { "a", 10 }, { "c", 20 }, { "e", 50 },
	};
	struct loop *l = setup_frozen();
	struct source *s[nitems(rows)];
	char names[nitems(rows)][2];
	size_t i;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		memcpy(names[i], rows[i].name, 2);
		s[i] = loop_timer(l, name_fd, names[i]);
		assert_int_equal(source_deadline(s[i]), -1);
		source_arm(s[i], START + rows[i].at);
		assert_int_equal(source_deadline(s[i]), START + rows[i].at);
	}
	turn(l);
	assert_string_equal(trail, "");
	clock_freeze(START + 19, 0);
	turn(l);
	assert_string_equal(trail, "a");
	assert_int_equal(source_deadline(s[2]), -1);
	source_arm(s[4], -1);
	clock_freeze(START + 100, 0);
	turn(l);
	turn(l);
	assert_string_equal(trail, "abcd");
	source_free(s[0]);
	teardown(l);
}

/* Armed in the past by callbacks: the next turn's, not this one's. */
static void
test_past_waits_a_turn(void **state)
{
	struct loop *l = setup_frozen();
	struct probe p = probe_ready(l), t = { .loop = l };

	(void)state;
	p.source = loop_fd(l, p.fd, EPOLLIN, note, &p);
	t.source = p.victim = loop_timer(l, note, &t);
	p.rearm = START - 500;
	turn(l);
	assert_int_equal(t.calls, 0);
	t.victim = t.source;
	t.rearm = 1;
	turn(l);
	assert_int_equal(t.calls, 1);
	turn(l);
	assert_int_equal(t.calls, 2);
	assert_int_equal(p.calls, 3);
	close(p.fd);
	teardown(l);
}

/* A descriptor that is always ready and a timer that always arms itself in the past,
 * with no limit on the sleep: both go on, and no timerfd is needed. */
static void
test_no_starving(void **state)
{
	struct loop *l = setup_frozen();
	struct probe p = probe_ready(l), t = { .loop = l, .rearm = START };
	int i;

	(void)state;
	p.source = loop_fd(l, p.fd, EPOLLIN, note, &p);
	t.source = t.victim = loop_timer(l, note, &t);
	source_arm(t.source, START);
	for (i = 1; i <= 10; i++) {
		assert_int_equal(loop_turn(l, -1), 0);
		assert_int_equal(p.calls, i);
		assert_int_equal(t.calls, i);
	}
	assert_int_equal(timer_sets, 0);
	close(p.fd);
	teardown(l);
}

static void
test_descriptors_first(void **state)
{
	struct loop *l = setup_frozen();
	struct probe p = probe_ready(l);
	char fd_name[] = "f", timer_name[] = "t", signal_name[] = "s";

	(void)state;
	source_arm(loop_timer(l, name_fd, timer_name), START);
	assert_non_null(loop_signal(l, SIGUSR1, name_fd, signal_name));
	assert_int_equal(raise(SIGUSR1), 0);
	assert_non_null(loop_fd(l, p.fd, EPOLLIN, name_fd, fd_name));
	turn(l);
	assert_string_equal(trail, "fst");
	close(p.fd);
	teardown(l);
}

static void
test_disarmed_in_its_turn(void **state)
{
	struct loop *l = setup_frozen();
	struct probe p = probe_ready(l), t = { .loop = l }, u = { .loop = l };

	(void)state;
	t.source = loop_timer(l, note, &t);
	u.source = loop_timer(l, note, &u);
	source_arm(t.source, START);
	source_arm(u.source, START);
	p.victim = t.source;
	p.rearm = -1;
	p.source = loop_fd(l, p.fd, EPOLLIN, note, &p);
	turn(l);
	assert_int_equal(t.calls, 0);
	assert_int_equal(u.calls, 1);
	source_arm(t.source, START);
	p.rearm = 0;
	turn(l);
	turn(l);
	assert_int_equal(t.calls, 0);
	close(p.fd);
	teardown(l);
}

/* Pushed forward at every turn by a busy descriptor, a due timer fires all the same. */
static void
test_due_stays_due(void **state)
{
	struct loop *l = setup_frozen();
	struct probe p = probe_ready(l), t = { .loop = l };
	int i;

	(void)state;
	t.source = p.victim = loop_timer(l, note, &t);
	p.rearm = START;
	p.source = loop_fd(l, p.fd, EPOLLIN, note, &p);
	for (i = 0; i < 6; i++)
		turn(l);
	assert_in_range(t.calls, 2, 5);
	p.rearm = START + 1000;
	turn(l);
	i = t.calls;
	turn(l);
	assert_int_equal(t.calls, i);
	close(p.fd);
	teardown(l);
}

/* The real clock: the timerfd is set when the earliest deadline changes and no more. */
static void
test_timerfd(void **state)
{
	struct loop *l = loop_new();
	struct probe t = { .loop = l, .stop = true }, u = { .loop = l };
	int64_t at = clock_mono_ms() + 20;

	(void)state;
	timer_sets = 0;
	t.source = loop_timer(l, note, &t);
	u.source = loop_timer(l, note, &u);
	source_arm(u.source, at + 100000);
	source_arm(t.source, at);
	assert_int_equal(timer_sets, 0);
	assert_int_equal(loop_run(l), 0);
	assert_int_equal(t.calls, 1);
	assert_true(clock_mono_ms() >= at);
	assert_int_equal(timer_sets, 1);
	assert_int_equal(timer_ns, at * 1000000);
	assert_int_equal(loop_turn(l, 1), 0);
	assert_int_equal(timer_sets, 2);
	assert_int_equal(timer_ns, (at + 100000) * 1000000);
	source_arm(t.source, at + 200000);
	assert_int_equal(loop_turn(l, 1), 0);
	assert_int_equal(timer_sets, 2);
	source_arm(t.source, -1);
	source_free(u.source);
	assert_int_equal(loop_turn(l, 1), 0);
	assert_int_equal(timer_sets, 3);
	assert_int_equal(timer_ns, 0);
	assert_int_equal(loop_turn(l, 1), 0);
	assert_int_equal(timer_sets, 3);
	loop_free(l);
}

static bool
is_blocked(int signo)
{
	sigset_t mask;

	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
	return sigismember(&mask, signo) == 1;
}

static void
unblock(int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
}

static void
test_signals(void **state)
{
	struct loop *l = setup_frozen();
	struct probe u = { .loop = l }, r = { .loop = l };
	int i;

	(void)state;
	unblock(SIGUSR1);
	loop_free(l);
	l = loop_new();
	u.source = loop_signal(l, SIGUSR1, note, &u);
	r.source = loop_signal(l, SIGRTMIN + 3, note, &r);
	assert_non_null(u.source);
	assert_non_null(r.source);
	assert_null(loop_signal(l, SIGUSR1, note, &u));
	assert_int_equal(errno, EEXIST);
	assert_true(is_blocked(SIGUSR1));
	assert_int_equal(sigismember(loop_original_mask(l), SIGUSR1), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(raise(SIGUSR1), 0);
		assert_int_equal(raise(SIGRTMIN + 3), 0);
	}
	turn(l);
	assert_int_equal(u.calls, 1);
	assert_int_equal(u.ready, 1);
	assert_int_equal(r.calls, 1);
	assert_int_equal(r.ready, 3);
	turn(l);
	assert_int_equal(u.calls, 1);
	source_free(u.source);
	assert_true(is_blocked(SIGUSR1));
	assert_int_equal(raise(SIGUSR1), 0);
	turn(l);
	assert_int_equal(u.calls, 1);
	u.source = loop_signal(l, SIGUSR1, note, &u);
	turn(l);
	assert_int_equal(u.calls, 2);
	teardown(l);
}

/* More pending than one read takes: nothing is lost. */
static void
test_signal_flood(void **state)
{
	struct loop *l = setup_frozen();
	struct probe r = { .loop = l };
	uint32_t total = 0;
	int i;

	(void)state;
	assert_non_null(loop_signal(l, SIGRTMIN + 4, note, &r));
	for (i = 0; i < 50; i++)
		assert_int_equal(raise(SIGRTMIN + 4), 0);
	for (i = 0; i < 10; i++) {
		r.ready = 0;
		turn(l);
		total += r.ready;
	}
	assert_int_equal(total, 50);
	teardown(l);
}

static void
test_signal_freed_by_another(void **state)
{
	struct loop *l = setup_frozen();
	struct probe a = { .loop = l }, b = { .loop = l };

	(void)state;
	a.source = loop_signal(l, SIGUSR1, note, &a);
	a.victim = loop_signal(l, SIGUSR2, note, &b);
	assert_int_equal(raise(SIGUSR2), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	turn(l);
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 0);
	teardown(l);
}

static void
test_inherited_ignore(void **state)
{
	struct loop *l = setup_frozen();
	struct probe p = { .loop = l };
	struct sigaction now;

	(void)state;
	assert_true(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	assert_non_null(loop_signal(l, SIGCHLD, note, &p));
	assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_DFL);
	assert_int_equal(raise(SIGCHLD), 0);
	turn(l);
	assert_int_equal(p.calls, 1);
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
		cmocka_unit_test(test_hangup_is_told),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_freed_is_not_called),
		cmocka_unit_test(test_frees_itself),
		cmocka_unit_test(test_unwanted_is_not_called),
		cmocka_unit_test(test_many_ready_share),
		cmocka_unit_test(test_timer_order),
		cmocka_unit_test(test_past_waits_a_turn),
		cmocka_unit_test(test_no_starving),
		cmocka_unit_test(test_descriptors_first),
		cmocka_unit_test(test_disarmed_in_its_turn),
		cmocka_unit_test(test_due_stays_due),
		cmocka_unit_test(test_timerfd),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_signal_flood),
		cmocka_unit_test(test_signal_freed_by_another),
		cmocka_unit_test(test_inherited_ignore),
		cmocka_unit_test(test_turn_end),
		cmocka_unit_test(test_stop_and_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
