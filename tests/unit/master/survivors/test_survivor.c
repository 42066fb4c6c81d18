/* Survivor: the records of processes, whether a pid is the recorded process, and the order
 * and times of the signals that end it. */
#include "common/clock.h"
#include "master/survivors/survivor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct run_record
record_of(const char *group, const char *name, int64_t group_priority, uint64_t id)
{
	return (struct run_record){
		.group = strdup(group),
		.name = strdup(name),
		.pid = 100 + (int)id,
		.born_first = 5,
		.born_last = 7,
		.id = id,
		.spawn = 3,
		.start = 1700000000,
		.restarts = 2,
		.stopping = true,
		.group_priority = group_priority,
		.priority = 999,
		.stopsignal = SIGINT,
		.stopwaitsecs = 4,
		.stopasgroup = true,
		.stdin_pipe = 11,
		.stdout_pipe = 12,
	};
}

static void
test_record(void **state)
{
	struct run_record record = record_of("g", "n\xff", 7, 1), got;
	char *line = run_record_line(&record), boot[RUN_RECORD_BOOT] = "", *again;

	(void)state;
	assert_non_null(line);
	assert_int_equal(run_record_read(line, strlen(line), &got, boot), RUN_LINE_RUNS);
	again = run_record_line(&got);
	assert_string_equal(again, line);
	assert_string_equal(got.name, "n\xff");
	assert_true(got.stopping && got.stopasgroup && !got.killasgroup);
	free(again);
	free(line);
	run_record_clear(&record);
	run_record_clear(&got);

	line = run_record_ended(17);
	assert_int_equal(run_record_read(line, strlen(line), &got, boot), RUN_LINE_ENDED);
	assert_int_equal(got.pid, 17);
	free(line);
	line = run_record_head("the-boot");
	assert_int_equal(run_record_read(line, strlen(line), &got, boot), RUN_LINE_HEAD);
	assert_string_equal(boot, "the-boot");
	free(line);
}

/* A record with one member that must not be used. */
static void
expect_bad(void (*spoil)(struct run_record *))
{
	struct run_record record = record_of("g", "n", 7, 1), got;
	char boot[RUN_RECORD_BOOT], *line;

	spoil(&record);
	line = run_record_line(&record);
	assert_int_equal(run_record_read(line, strlen(line), &got, boot), RUN_LINE_BAD);
	free(line);
	run_record_clear(&record);
	run_record_clear(&got);
}

#define SPOIL(title, what)                           \
	static void spoil_##title(struct run_record *r) \
	{                                               \
		what;                                   \
	}
SPOIL(pid, r->pid = 1)
SPOIL(negative, r->pid = -5)
SPOIL(signal, r->stopsignal = 0)
SPOIL(large_signal, r->stopsignal = 1000)
SPOIL(wait, r->stopwaitsecs = -1)
SPOIL(born, r->born_last = r->born_first - 1)
SPOIL(name, free(r->name); r->name = NULL)

static void
test_bad_records(void **state)
{
	static const char *const lines[] = { "", "{", "[]", "7", "{}", "{\"ended\":1}",
		"{\"ended\":\"7\"}", "{\"ended\":99999999999}", "{\"format\":1}",
		"{\"format\":2,\"boot\":\"b\"}", "{\"group\":\"61\"}",
		"{\"format\":1,\"boot\":\"0123456789012345678901234567890123456789\"}" };
	struct run_record got;
	char boot[RUN_RECORD_BOOT];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		assert_int_equal(
		    run_record_read(lines[i], strlen(lines[i]), &got, boot), RUN_LINE_BAD);
		run_record_clear(&got);
	}
	expect_bad(spoil_pid);
	expect_bad(spoil_negative);
	expect_bad(spoil_signal);
	expect_bad(spoil_large_signal);
	expect_bad(spoil_wait);
	expect_bad(spoil_born);
	expect_bad(spoil_name);
}

static void
test_same(void **state)
{
	struct run_record record = record_of("g", "n", 7, 1);
	struct procstat stat = { .pid = 101, .state = 'S', .start = 5 };

	(void)state;
	assert_true(survivor_is_same(&record, &stat));
	stat.start = 7;
	assert_true(survivor_is_same(&record, &stat));
	stat.start = 8;
	assert_false(survivor_is_same(&record, &stat));
	stat.start = 4;
	assert_false(survivor_is_same(&record, &stat));
	stat.start = 6;
	stat.state = 'Z';
	assert_false(survivor_is_same(&record, &stat));
	stat = (struct procstat){ .pid = 102, .state = 'S', .start = 6 };
	assert_false(survivor_is_same(&record, &stat));
	run_record_clear(&record);
}

/* A real child: its start is between the ticks before and after the fork. */
static void
test_find(void **state)
{
	struct run_record record = { .born_first = clock_boot_ticks() };
	siginfo_t info;
	int pidfd;

	(void)state;
	record.pid = fork();
	if (record.pid == 0)
		for (;;)
			pause();
	record.born_last = clock_boot_ticks();
	assert_true(survivor_find(&record, &pidfd));
	assert_int_not_equal(pidfd, -1);
	close(pidfd);
	record.born_first = record.born_last += 1;
	assert_false(survivor_find(&record, &pidfd));
	assert_int_equal(pidfd, -1);
	record.born_first = record.born_last -= 1;
	kill(record.pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)record.pid, &info, WEXITED | WNOWAIT), 0);
	record.born_first = 0;
	assert_false(survivor_find(&record, &pidfd));
	assert_int_equal(waitpid(record.pid, NULL, 0), record.pid);
	assert_false(survivor_find(&record, &pidfd));
}

static void
add(struct survivor_list *list, const char *group, int64_t priority, uint64_t id)
{
	struct run_record record = record_of(group, "n", priority, id);
	struct survivor *survivor = survivor_new(&record);

	assert_non_null(survivor);
	survivor_insert(list, survivor);
}

/* The groups of a high priority number first, each group together, the youngest first. */
static void
test_order(void **state)
{
	static const uint64_t want[] = { 6, 3, 2, 5, 4, 1 };
	struct survivor_list list = TAILQ_HEAD_INITIALIZER(list);
	struct survivor *survivor;
	size_t i = 0;

	(void)state;
	add(&list, "low", 1, 1);
	add(&list, "a", 999, 2);
	add(&list, "b", 500, 4);
	add(&list, "a", 999, 3);
	add(&list, "c", 999, 6);
	add(&list, "b", 500, 5);
	while ((survivor = TAILQ_FIRST(&list)) != NULL) {
		assert_int_equal(survivor->record.id, want[i++]);
		TAILQ_REMOVE(&list, survivor, in_list);
		survivor_free(survivor);
	}
	assert_int_equal(i, 6);
}

static void
test_priority_in_group(void **state)
{
	struct run_record a = record_of("g", "a", 1, 1), b = record_of("g", "b", 1, 2);

	(void)state;
	assert_int_equal(run_record_order(&a, &b), 1);
	assert_int_equal(run_record_order(&b, &a), -1);
	a.priority = 1000;
	assert_int_equal(run_record_order(&a, &b), -1);
	assert_int_equal(run_record_order(&a, &a), 0);
	run_record_clear(&a);
	run_record_clear(&b);
}

static void
expect_signal(struct survivor *survivor, int64_t now, int signo, bool as_group)
{
	struct survivor_signal got = survivor_next_signal(survivor, now);

	assert_int_equal(got.signo, signo);
	assert_int_equal(got.as_group, as_group);
}

static void
test_signals(void **state)
{
	struct run_record record = record_of("g", "n", 1, 1);
	struct survivor *survivor = survivor_new(&record);
	int64_t now = 1000;

	(void)state;
	expect_signal(survivor, now, SIGINT, true);
	expect_signal(survivor, now, 0, false);
	expect_signal(survivor, now + 3999, 0, false);
	assert_int_equal(survivor->due_ms, 5000);
	for (now = 5000; now < 5000 + SURVIVOR_KILLS * 1000; now += 1000) {
		assert_false(survivor_is_hopeless(survivor, now));
		expect_signal(survivor, now, SIGKILL, false);
		expect_signal(survivor, now + 999, 0, false);
	}
	assert_false(survivor_is_hopeless(survivor, now - 1));
	assert_true(survivor_is_hopeless(survivor, now));
	survivor_free(survivor);

	/* A time that would overflow. */
	record = record_of("g", "n", 1, 1);
	record.stopwaitsecs = INT64_MAX;
	survivor = survivor_new(&record);
	expect_signal(survivor, 0, SIGINT, true);
	expect_signal(survivor, INT32_MAX, 0, false);
	assert_true(survivor->due_ms > INT32_MAX);
	survivor_free(survivor);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_bad_records),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_priority_in_group),
		cmocka_unit_test(test_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
