/* Loop: timers, their order among each other and with descriptors, and the timerfd. */
#include "tests/unit/common/loop_probe.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

/* Replaces libc's function and counts its calls. */
static int timer_sets;
static int64_t timer_ns;

int
timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	timer_sets++;
	timer_ns = (int64_t) new->it_value.tv_sec * 1000000000 + new->it_value.tv_nsec;
	return (int)syscall(SYS_timerfd_settime, fd, flags, new, old);
}

static char trail[64]; /* the names of the called timers, in order */

static void
name_fd(void *ctx, uint32_t ready)
{
	(void)ready;
	assert_true(strlen(trail) + 1 < sizeof(trail));
	trail[strlen(trail)] = *(const char *)ctx;
}

static struct loop *
setup_timers(void)
{
	struct loop *l = setup_frozen();

	memset(trail, 0, sizeof(trail));
	timer_sets = 0;
	return l;
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
	struct loop *l = setup_timers();
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

/* Timers that callbacks arm in the past are called in the next turn, not in this one. */
static void
test_past_waits_a_turn(void **state)
{
	struct loop *l = setup_timers();
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

/* A descriptor that is always ready and a timer that always arms itself in the past, with
 * unlimited sleep: both are called in every turn, and the timerfd is not set. */
static void
test_no_starving(void **state)
{
	struct loop *l = setup_timers();
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
	struct loop *l = setup_timers();
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
	struct loop *l = setup_timers();
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

/* A due timer that a busy descriptor rearms in every turn is called all the same. */
static void
test_due_stays_due(void **state)
{
	struct loop *l = setup_timers();
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

/* With the real clock: the timerfd is set only when the earliest deadline changes. */
static void
test_timerfd(void **state)
{
	struct loop *l = loop_new();
	struct probe t = { .loop = l, .stop = true }, u = { .loop = l };
	int64_t at = clock_mono_ms() + 300;

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timer_order),
		cmocka_unit_test(test_past_waits_a_turn),
		cmocka_unit_test(test_no_starving),
		cmocka_unit_test(test_descriptors_first),
		cmocka_unit_test(test_disarmed_in_its_turn),
		cmocka_unit_test(test_due_stays_due),
		cmocka_unit_test(test_timerfd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
