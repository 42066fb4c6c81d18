#include "master/child/pidfd.h"
#include "master/child/reaper.h"
#include "tests/unit/master/scratch.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct tally {
	struct scratch *scratch;
	size_t seen, want;
	int status;
	pid_t pid;
};

static pid_t
child(int code)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(code);
	assert_true(pid > 0);
	return pid;
}

static void
count(void *ctx, pid_t pid, int wait_status)
{
	struct tally *tally = ctx;

	tally->seen++;
	tally->pid = pid;
	tally->status = wait_status;
}

static bool
all_seen(void *ctx)
{
	const struct tally *tally = ctx;

	return tally->seen == tally->want;
}

static bool
unknown_seen(void *ctx)
{
	const struct tally *tally = ctx;

	return scratch_count(tally->scratch, "reaped unknown pid") == tally->want;
}

/* Waits until they have ended, without reaping them. */
static void
wait_dead(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void
test_one(void **state)
{
	struct tally tally = { .scratch = *state, .want = 1 };
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);
	size_t cursor = 0;
	pid_t pid;

	assert_non_null(reaper);
	pid = child(7);
	assert_int_equal(reaper_watch(reaper, pid, count, &tally), 0);
	assert_int_equal(reaper_next(reaper, &cursor), pid);
	assert_int_equal(reaper_next(reaper, &cursor), 0);
	assert_true(scratch_until(loop, all_seen, &tally));
	assert_int_equal(tally.pid, pid);
	assert_int_equal(WEXITSTATUS(tally.status), 7);
	assert_string_equal(
	    tally.scratch->log, "DEBG received SIGCHLD indicating a child quit\n");
	cursor = 0;
	assert_int_equal(reaper_next(reaper, &cursor), 0);
	reaper_free(reaper);
	loop_free(loop);
}

static void
test_unknown_children(void **state)
{
	struct tally tally = { .scratch = *state, .want = 2 };
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);
	char want[128];
	pid_t exits, dies;

	exits = child(3);
	dies = fork();
	if (dies == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(kill(dies, SIGKILL), 0);
	assert_true(scratch_until(loop, unknown_seen, &tally));
	snprintf(
	    want, sizeof(want), "INFO reaped unknown pid %d (exit status 3)\n", (int)exits);
	assert_true(scratch_logged(tally.scratch, want));
	snprintf(want, sizeof(want), "INFO reaped unknown pid %d (terminated by SIGKILL)\n",
	    (int)dies);
	assert_true(scratch_logged(tally.scratch, want));
	reaper_free(reaper);
	loop_free(loop);
}

static bool
no_children(void *ctx UNUSED)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1;
}

/* As PID 1 it reaps orphans of all programs, which must not flood the log. */
static void
test_unknown_flood(void **state)
{
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);

	for (int i = 0; i < 50; i++)
		wait_dead(child(0));
	assert_true(scratch_until(loop, no_children, NULL));
	assert_int_equal(scratch_count(scratch, "reaped unknown pid"), 10);
	reaper_free(reaper);
	loop_free(loop);
}

static void
test_forget(void **state)
{
	struct tally tally = { .scratch = *state, .want = 1 };
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);
	pid_t pid = child(0);

	assert_int_equal(reaper_watch(reaper, pid, count, &tally), 0);
	reaper_forget(reaper, pid);
	reaper_forget(reaper, pid);
	assert_true(scratch_until(loop, unknown_seen, &tally));
	assert_int_equal(tally.seen, 0);
	reaper_free(reaper);
	loop_free(loop);
}

/* Reaps the child that the signal names, then at most 100 in a turn. One signal stands for
 * all of them; the rest is reaped without another one. */
static void
test_many(void **state)
{
	struct tally tally = { .scratch = *state, .want = 130 };
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);
	pid_t pids[130];
	size_t i;

	loop_turn(loop, 0);
	for (i = 0; i < nitems(pids); i++) {
		pids[i] = child(0);
		assert_int_equal(reaper_watch(reaper, pids[i], count, &tally), 0);
		wait_dead(pids[i]);
	}
	loop_turn(loop, 1000);
	assert_int_equal(tally.seen, 1);
	assert_int_equal(tally.pid, pids[0]);
	loop_turn(loop, 1000);
	assert_int_equal(tally.seen, 101);
	assert_true(scratch_until(loop, all_seen, &tally));
	reaper_free(reaper);
	loop_free(loop);
}

/* The signal names no child of ours. */
static void
test_dead_before(void **state)
{
	struct tally tally = { .scratch = *state, .want = 1 };
	struct loop *loop = loop_new();
	struct reaper *reaper;
	sigset_t sigchld;

	sigemptyset(&sigchld);
	sigaddset(&sigchld, SIGCHLD);
	sigprocmask(SIG_UNBLOCK, &sigchld, NULL);
	wait_dead(child(3));
	reaper = reaper_new(loop);
	assert_true(scratch_until(loop, unknown_seen, &tally));
	reaper_free(reaper);
	loop_free(loop);
}

struct order {
	struct tally tally;
	pid_t pids[4];
};

static void
note(void *ctx, pid_t pid, int wait_status)
{
	struct order *order = ctx;

	order->pids[order->tally.seen] = pid;
	count(&order->tally, pid, wait_status);
}

static pid_t
sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

/* All children that have ended are found, even if many expected ones still run. */
static void
test_expected(void **state)
{
	struct order order = { .tally = { .scratch = *state, .want = 3 } };
	struct tally others = { .scratch = *state, .want = 100 };
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);
	pid_t stubborn[100], dead[3];
	size_t i;

	for (i = 0; i < nitems(dead); i++) {
		dead[i] = child(0);
		assert_int_equal(reaper_watch(reaper, dead[i], note, &order), 0);
		wait_dead(dead[i]);
	}
	for (i = 0; i < nitems(stubborn); i++) {
		stubborn[i] = sleeper();
		assert_int_equal(reaper_watch(reaper, stubborn[i], count, &others), 0);
		reaper_expect(reaper, stubborn[i]);
	}
	reaper_expect(reaper, dead[2]);
	reaper_expect(reaper, stubborn[0]);
	reaper_expect(reaper, dead[1]);
	reaper_expect(reaper, 1); /* not a child of ours */
	assert_true(scratch_until(loop, all_seen, &order.tally));
	assert_int_equal(others.seen, 0);
	for (i = 0; i < nitems(stubborn); i++)
		assert_int_equal(kill(stubborn[i], SIGKILL), 0);
	assert_true(scratch_until(loop, all_seen, &others));
	reaper_free(reaper);
	loop_free(loop);
}

static void
test_expected_first(void **state)
{
	struct order order = { .tally = { .scratch = *state, .want = 3 } };
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);
	pid_t dead[3];
	size_t i;

	for (i = 0; i < nitems(dead); i++) {
		dead[i] = child(0);
		assert_int_equal(reaper_watch(reaper, dead[i], note, &order), 0);
		wait_dead(dead[i]);
	}
	reaper_expect(reaper, dead[2]);
	reaper_expect(reaper, dead[1]);
	reaper_forget(reaper, dead[1]);
	assert_int_equal(reaper_watch(reaper, dead[1], note, &order), 0);
	assert_true(scratch_until(loop, all_seen, &order.tally));
	assert_int_equal(order.pids[0], dead[0]); /* named by the signal */
	assert_int_equal(order.pids[1], dead[2]);
	assert_int_equal(order.pids[2], dead[1]);
	reaper_free(reaper);
	loop_free(loop);
}

/* A callback may register a new child, as a respawn does, and forget any. */
struct chain {
	struct tally tally;
	struct reaper *reaper;
};

static void
respawn(void *ctx, pid_t pid, int wait_status)
{
	struct chain *chain = ctx;

	count(&chain->tally, pid, wait_status);
	if (chain->tally.seen < 3)
		assert_int_equal(reaper_watch(chain->reaper, child(0), respawn, chain), 0);
}

static bool
chain_done(void *ctx)
{
	return ((struct chain *)ctx)->tally.seen == 3;
}

static void
test_respawn(void **state)
{
	struct loop *loop = loop_new();
	struct chain chain = { .tally.scratch = *state, .reaper = reaper_new(loop) };

	assert_int_equal(reaper_watch(chain.reaper, child(0), respawn, &chain), 0);
	assert_true(scratch_until(loop, chain_done, &chain));
	reaper_free(chain.reaper);
	loop_free(loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

struct stops {
	pid_t pid;
	int signo, count;
};

static void
note_stop(void *ctx, pid_t pid, int signo)
{
	struct stops *stops = ctx;

	stops->pid = pid;
	stops->signo = signo;
	stops->count++;
}

static void
note_end(void *ctx, pid_t pid, int wait_status)
{
	(void)pid;
	(void)wait_status;
	((struct stops *)ctx)->pid = 0;
}

static bool
stop_seen(void *ctx)
{
	return ((struct stops *)ctx)->count == 1;
}

static bool
end_seen(void *ctx)
{
	return ((struct stops *)ctx)->pid == 0;
}

/* Also when the signal of another child that has ended stands for both. */
static void
test_stop(void **state)
{
	struct stops stops = { 0 };
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);
	pid_t pid = fork();

	(void)state;
	while (pid == 0)
		pause();
	assert_int_equal(reaper_watch(reaper, pid, note_end, &stops), 0);
	reaper_watch_stops(reaper, pid, note_stop);
	wait_dead(child(0));
	kill(pid, SIGSTOP);
	assert_true(scratch_until(loop, stop_seen, &stops));
	assert_int_equal(stops.pid, pid);
	assert_int_equal(stops.signo, SIGSTOP);
	kill(pid, SIGKILL);
	assert_true(scratch_until(loop, end_seen, &stops));
	assert_int_equal(stops.count, 1);
	reaper_free(reaper);
	loop_free(loop);
}

/* A grandchild whose parent reaps it when `reaps` is closed. Its pid. */
static pid_t
grandchild(pid_t *parent, int *reaps)
{
	int numbers[2], gate[2];
	pid_t pid = -1;
	char c;

	assert_int_equal(pipe(numbers), 0);
	assert_int_equal(pipe(gate), 0);
	*parent = fork();
	if (*parent == 0) {
		close(gate[1]);
		pid = fork();
		while (pid == 0)
			pause();
		(void)!write(numbers[1], &pid, sizeof(pid));
		(void)!read(gate[0], &c, 1);
		(void)waitpid(pid, NULL, 0);
		_exit(0);
	}
	assert_int_equal(read(numbers[0], &pid, sizeof(pid)), sizeof(pid));
	close(numbers[0]);
	close(numbers[1]);
	close(gate[0]);
	*reaps = gate[1];
	return pid;
}

/* Of a process that is not our child, the status is known once its parent has reaped it. */
static void
test_pidfd(void **state)
{
	struct tally tally = { .scratch = *state, .want = 1 };
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);
	pid_t parent, pid = -1;
	int reaps, pidfd;

	for (int round = 0; round < 2; round++) {
		pid = grandchild(&parent, &reaps);
		pidfd = pidfd_new(pid);
		assert_int_not_equal(pidfd, -1);
		tally.seen = 0;
		assert_int_equal(reaper_watch_pidfd(reaper, pid, pidfd, count, &tally), 0);
		/* waitpid would not find it. */
		reaper_expect(reaper, pid);
		assert_int_equal(pidfd_kill(pidfd, SIGKILL), 0);
		if (round == 0)
			close(reaps);
		assert_true(scratch_until(loop, all_seen, &tally));
		assert_int_equal(tally.pid, pid);
		if (round == 0 && pidfd_exit_status(pidfd, &tally.status) == 0)
			assert_int_equal(WTERMSIG(tally.status), SIGKILL);
		else
			assert_int_equal(tally.status, REAPER_UNKNOWN);
		close(pidfd);
		if (round == 1)
			close(reaps);
		(void)waitpid(parent, NULL, 0);
	}
	/* One that has ended before. */
	assert_int_equal(pidfd_new(pid), -1);
	reaper_free(reaper);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_one),
	    TEST(test_stop),
	    TEST(test_unknown_children),
	    TEST(test_forget),
	    TEST(test_unknown_flood),
	    TEST(test_many),
	    TEST(test_dead_before),
	    TEST(test_expected),
	    TEST(test_expected_first),
	    TEST(test_respawn),
	    TEST(test_pidfd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
