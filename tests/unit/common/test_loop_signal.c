/* Loop: signals. */
#include "tests/unit/common/loop_probe.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

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

/* More signals pending than one read returns: none is lost. */
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
note_sender(void *ctx, uint32_t count)
{
	struct probe *p = ctx;

	(void)count;
	p->calls++;
	p->ready = (uint32_t)loop_signal_sender(p->loop);
}

/* The sender is that of the first of several signals. */
static void
test_signal_sender(void **state)
{
	struct loop *l = setup_frozen();
	struct probe u = { .loop = l }, c = { .loop = l };
	pid_t child;

	(void)state;
	assert_non_null(loop_signal(l, SIGUSR1, note_sender, &u));
	assert_non_null(loop_signal(l, SIGCHLD, note_sender, &c));
	assert_int_equal(raise(SIGUSR1), 0);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		(void)kill(getppid(), SIGUSR1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	turn(l);
	assert_int_equal(u.calls, 1);
	assert_int_equal(u.ready, getpid());
	assert_int_equal(c.calls, 1);
	assert_int_equal(c.ready, child);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_signal_flood),
		cmocka_unit_test(test_signal_sender),
		cmocka_unit_test(test_signal_freed_by_another),
		cmocka_unit_test(test_inherited_ignore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
