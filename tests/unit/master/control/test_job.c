/* Job: order, time budget, alternation of jobs and restarts, results, and sinks and
 * processes that go away while a job is queued. */
#include "tests/unit/common/no_log.h"
#include "tests/unit/master/recorder.h"

#include "common/loop.h"
#include "master/control/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

struct scene {
	struct recorder recorder;
	struct loop *loop;
	struct groups *groups;
	struct jobs *jobs;
	struct jobs_ops ops;
	struct group *group;
	int64_t spawn_costs; /* ms that each spawn takes */
	bool forget;         /* calls jobs_forget at the next result */
	bool behind;         /* the sink is behind */
};

static void
result(void *ctx, uint64_t job, const struct process *p, enum fault fault,
    const char *detail, uint64_t spawn)
{
	struct scene *s = ctx;

	recorder_line(&s->recorder, "result %llu %s %s%s%s spawn %llu",
	    (unsigned long long)job, p->config->name,
	    fault == FAULT_NONE ? "OK" : fault_name(fault), detail != NULL ? ": " : "",
	    detail != NULL ? detail : "", (unsigned long long)spawn);
	if (s->forget)
		jobs_forget(s->jobs, s);
}

static void
end(void *ctx, uint64_t job)
{
	struct scene *s = ctx;

	recorder_line(&s->recorder, "end %llu", (unsigned long long)job);
}

static bool
is_behind(void *ctx)
{
	const struct scene *s = ctx;

	return s->behind;
}

static const struct job_sink sink = { result, end, is_behind };

/* Lets the time of a spawn pass, when the state changes to STARTING. */
static void
changed(struct recorder *r, struct process *p, enum process_state from)
{
	struct scene *s = r->ctx;

	if (p->state == PROCESS_STARTING && from != PROCESS_STARTING)
		recorder_tick(r, s->spawn_costs);
}

static void
enqueue(struct recorder *r, struct process *p)
{
	struct scene *s = r->ctx;

	jobs_respawn(s->jobs, p);
}

static enum fault
check_nothing(struct process *p UNUSED, char **detail UNUSED)
{
	return FAULT_NONE;
}

static enum fault
clear_nothing(struct process *p UNUSED)
{
	return FAULT_FAILED;
}

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct group_config *g = recorder_group("g", 1);
	uint64_t next_id = 1;
	char name[8];

	assert_non_null(s);
	recorder_init(&s->recorder);
	s->recorder.quiet = true;
	s->recorder.ctx = s;
	s->recorder.changed = changed;
	s->recorder.enqueue = enqueue;
	s->recorder.groups = s->groups = groups_new(NULL);
	s->loop = loop_new();
	assert_non_null(s->loop);
	s->ops = (struct jobs_ops){ check_nothing, clear_nothing };
	s->jobs = jobs_new(s->loop, s->groups, &s->ops);
	assert_non_null(s->jobs);
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		recorder_add(g, recorder_program(name, 999));
	}
	s->group = recorder_activate(&s->recorder, s->groups, g, &next_id);
	log_init(no_log, NULL, LEVEL_CRITICAL);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	jobs_free(s->jobs);
	groups_free(s->groups);
	loop_free(s->loop);
	recorder_clear(&s->recorder);
	free(s);
	return 0;
}

static struct process *
process(struct scene *s, int i)
{
	return groups_process(s->groups, (uint64_t)i + 1);
}

/* A job on the processes first to last. */
static uint64_t
add(struct scene *s, enum job_kind kind, int first, int last)
{
	size_t count = (size_t)(last - first + 1);
	struct process **list = calloc(count + 1, sizeof(struct process *));

	assert_non_null(list);
	for (size_t i = 0; i < count; i++)
		list[i] = process(s, first + (int)i);
	return jobs_add(s->jobs, &(struct job_order){ .kind = kind, .signo = 1 }, list,
	    count, &sink, s);
}

static void
assert_turn(struct scene *s, const char *want)
{
	char *got;

	assert_int_equal(loop_turn(s->loop, 0), 0);
	got = recorder_take(&s->recorder);
	assert_string_equal(got, want);
	free(got);
}

/* Works until the queue is empty, and forgets the lines. */
static void
finish(struct scene *s)
{
	for (int i = 0; i < 50; i++)
		assert_int_equal(loop_turn(s->loop, 0), 0);
	free(recorder_take(&s->recorder));
}

static void
test_begins_next_turn(void **state)
{
	struct scene *s = *state;
	char *got;

	assert_int_equal(add(s, JOB_START, 0, 1), 1);
	assert_int_equal(add(s, JOB_START, 2, 1), 2);
	got = recorder_take(&s->recorder);
	assert_string_equal(got, "");
	free(got);
	assert_turn(s,
	    "spawn p0\nresult 1 p0 OK spawn 1\n"
	    "spawn p1\nresult 1 p1 OK spawn 1\nend 1\nend 2\n");
	assert_turn(s, "");
}

static void
test_kinds_and_faults(void **state)
{
	struct scene *s = *state;

	add(s, JOB_START, 0, 0);
	s->recorder.spawn_fails = strdup("no");
	assert_turn(s, "spawn p0\nresult 1 p0 SPAWN_ERROR spawn 1\nend 1\n");
	free(s->recorder.spawn_fails);
	s->recorder.spawn_fails = NULL;
	add(s, JOB_START, 0, 1);
	assert_turn(s,
	    "result 2 p0 ALREADY_STARTED spawn 0\n"
	    "spawn p1\nresult 2 p1 OK spawn 1\nend 2\n");
	add(s, JOB_SIGNAL, 0, 1);
	assert_turn(s,
	    "result 3 p0 NOT_RUNNING spawn 1\n"
	    "kill 100 1\nresult 3 p1 OK spawn 1\nend 3\n");
	add(s, JOB_STOP, 0, 2);
	assert_turn(s,
	    "result 4 p0 OK spawn 1\nkill 100 15\nresult 4 p1 OK spawn 1\n"
	    "result 4 p2 NOT_RUNNING spawn 0\nend 4\n");
	add(s, JOB_SIGNAL, 1, 1);
	s->recorder.kill_errno = EPERM;
	assert_turn(s,
	    "kill 100 1\nresult 5 p1 FAILED: unknown problem sending sig p1 "
	    "(100): [Errno 1] Operation not permitted spawn 1\nend 5\n");
}

static enum fault
check(struct process *p, char **detail)
{
	if (p->id != 2)
		return FAULT_NONE;
	*detail = strdup("can't find command 'x'");
	return FAULT_NO_FILE;
}

static void
test_check(void **state)
{
	struct scene *s = *state;

	s->ops.check = check;
	add(s, JOB_START, 0, 1);
	assert_turn(s,
	    "spawn p0\nresult 1 p0 OK spawn 1\n"
	    "result 1 p1 NO_FILE: can't find command 'x' spawn 0\nend 1\n");
	/* The check comes before the checks of the state and of a shutdown. */
	process(s, 1)->state = PROCESS_RUNNING;
	s->recorder.stopping = true;
	add(s, JOB_START, 1, 2);
	assert_turn(s,
	    "result 2 p1 NO_FILE: can't find command 'x' spawn 0\n"
	    "result 2 p2 SHUTDOWN_STATE spawn 0\nend 2\n");
	process(s, 1)->state = PROCESS_STOPPED;
}

static void
test_budget(void **state)
{
	struct scene *s = *state;

	s->spawn_costs = 3;
	add(s, JOB_START, 0, 4);
	assert_turn(s,
	    "spawn p0\nresult 1 p0 OK spawn 1\n"
	    "spawn p1\nresult 1 p1 OK spawn 1\n");
	s->spawn_costs = 1;
	assert_turn(s,
	    "spawn p2\nresult 1 p2 OK spawn 1\n"
	    "spawn p3\nresult 1 p3 OK spawn 1\n"
	    "spawn p4\nresult 1 p4 OK spawn 1\nend 1\n");
	assert_turn(s, "");
	s->spawn_costs = 100; /* longer than the budget: still one in each iteration */
	add(s, JOB_START, 5, 5);
	assert_turn(s, "spawn p5\nresult 2 p5 OK spawn 1\nend 2\n");
}

static void
test_respawns_alternate(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < 3; i++)
		process_autostart(process(s, i));
	add(s, JOB_START, 3, 5);
	assert_turn(s,
	    "spawn p0\nspawn p3\nresult 1 p3 OK spawn 1\n"
	    "spawn p1\nspawn p4\nresult 1 p4 OK spawn 1\n"
	    "spawn p2\nspawn p5\nresult 1 p5 OK spawn 1\nend 1\n");
}

/* p0 and p1 exit as soon as they run; their restarts take at most every second step. */
static void
test_crash_loop(void **state)
{
	struct scene *s = *state;
	int turns = 0;

	for (int i = 0; i < 2; i++) {
		struct process_config *c = s->group->config->processes[i];

		c->startsecs = 0;
		c->autorestart = AUTORESTART_TRUE;
	}
	s->spawn_costs = 4; /* one step in each loop iteration */
	process_autostart(process(s, 0));
	process_autostart(process(s, 1));
	add(s, JOB_START, 2, 4);
	while (process(s, 4)->state == PROCESS_STOPPED) {
		assert_int_equal(loop_turn(s->loop, 0), 0);
		turns++;
		for (int i = 0; i < 2; i++) {
			if (process(s, i)->state == PROCESS_RUNNING)
				process_reaped(process(s, i), 1 << 8);
		}
	}
	assert_true(turns <= 6);
	assert_true(process(s, 0)->spawn > 0);
	assert_true(process(s, 1)->spawn > 0);
}

static void
test_forget(void **state)
{
	struct scene *s = *state;

	add(s, JOB_START, 0, 1);
	jobs_forget(s->jobs, "another");
	s->forget = true; /* inside the callback */
	add(s, JOB_START, 2, 2);
	assert_turn(s, "spawn p0\nresult 1 p0 OK spawn 1\nspawn p1\nspawn p2\n");
}

static void
test_removed_processes(void **state)
{
	struct scene *s = *state;
	struct process *p;

	add(s, JOB_START, 0, 1);
	process_autostart(process(s, 2));
	TAILQ_FOREACH(p, &s->group->processes, in_group)
		(void)process_cancel_start(p);
	groups_remove(s->groups, s->group);
	assert_turn(s, "end 1\n");
	assert_turn(s, "");
}

static void
test_restart_queue_grows(void **state)
{
	struct scene *s = *state;
	const struct id_queue *ids;

	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 6; i++)
			jobs_respawn(s->jobs, process(s, i));
	}
	ids = &jobs_restarts(s->jobs)->ids;
	for (size_t i = 0; i < 240; i++)
		assert_int_equal(ids->ids[ids->next + i], i % 6 + 1);
	assert_int_equal(id_queue_count(ids), 240);
	finish(s);
	assert_int_equal(id_queue_count(ids), 0);
	/* After the queue was emptied, the order is still right. */
	for (int i = 0; i < 6; i++)
		process_autostart(process(s, i));
	assert_turn(s, "spawn p0\nspawn p1\nspawn p2\nspawn p3\nspawn p4\nspawn p5\n");
}

static void
test_queued_jobs(void **state)
{
	struct scene *s = *state;
	const struct job_record *job;
	struct job_record record = { .number = 40, .kind = JOB_START };
	void *ctx;

	s->spawn_costs = 4;
	add(s, JOB_START, 0, 1);
	add(s, JOB_SIGNAL, 2, 4);
	assert_turn(s, "spawn p0\nresult 1 p0 OK spawn 1\n");
	job = jobs_get(s->jobs, 0, &ctx);
	assert_int_equal(job->number, 1);
	assert_int_equal(id_queue_count(&job->ids), 1);
	assert_int_equal(job->ids.ids[job->ids.next], 2);
	job = jobs_get(s->jobs, 1, &ctx);
	assert_int_equal(job->kind, JOB_SIGNAL);
	assert_int_equal(job->signo, 1);
	assert_int_equal(id_queue_count(&job->ids), 3);
	assert_null(jobs_get(s->jobs, 2, &ctx));
	assert_int_equal(jobs_record(s->jobs)->next_number, 3);

	assert_int_equal(id_queue_push(&record.ids, 6), 0);
	assert_int_equal(id_queue_push(&record.ids, 99), 0);
	assert_int_equal(jobs_restore(s->jobs, &record, NULL, NULL), 0);
	jobs_record(s->jobs)->next_number = 41;
	assert_turn(s, "spawn p1\nresult 1 p1 OK spawn 1\nend 1\n");
	s->spawn_costs = 0;
	assert_turn(s,
	    "result 2 p2 NOT_RUNNING spawn 0\nresult 2 p3 NOT_RUNNING spawn 0\n"
	    "result 2 p4 NOT_RUNNING spawn 0\nend 2\nspawn p5\n");
	assert_int_equal(add(s, JOB_STOP, 1, 0), 41);
	finish(s);
}

static enum fault
clear_but_second(struct process *p)
{
	return p->id == 2 ? FAULT_FAILED : FAULT_NONE;
}

/* A job pauses for a slow sink; other jobs continue. */
static void
test_behind(void **state)
{
	struct scene *s = *state;
	struct process **list = calloc(2, sizeof(struct process *));
	struct job_sink other = { result, end, NULL };

	s->ops.clear = clear_but_second;
	s->behind = true;
	assert_int_equal(add(s, JOB_CLEAR, 0, 1), 1);
	assert_turn(s, "");
	list[0] = process(s, 2);
	assert_int_equal(
	    jobs_add(s->jobs, &(struct job_order){ .kind = JOB_CLEAR }, list, 1, &other, s),
	    2);
	assert_turn(s, "result 2 p2 OK spawn 0\nend 2\n");
	recorder_tick(&s->recorder, 1000);
	assert_turn(s, "");
	s->behind = false;
	recorder_tick(&s->recorder, 1000);
	assert_turn(s, "result 1 p0 OK spawn 0\nresult 1 p1 FAILED spawn 0\nend 1\n");
}

static void
test_bounds(void **state)
{
	static struct job_sink deaf;
	struct scene *s = *state;
	struct process **list = calloc(2, sizeof(struct process *));

	for (unsigned i = 0; i < JOBS_PER_SINK; i++)
		assert_true(add(s, JOB_CLEAR, 0, 0) != 0);
	assert_int_equal(add(s, JOB_CLEAR, 0, 0), 0);
	assert_int_equal(errno, ENOBUFS);
	assert_true(jobs_add(s->jobs, &(struct job_order){ .kind = JOB_CLEAR }, list, 0,
			&deaf, &deaf) != 0);
	jobs_forget(s->jobs, s);
	for (unsigned i = 0; i < JOBS_MAX - JOBS_PER_SINK - 1 && i < JOBS_PER_SINK; i++)
		assert_true(add(s, JOB_CLEAR, 0, 0) != 0);
	finish(s);
	assert_true(add(s, JOB_CLEAR, 0, 0) != 0);
}

static void
test_clear(void **state)
{
	struct scene *s = *state;

	s->ops.clear = clear_but_second;
	assert_int_equal(add(s, JOB_CLEAR, 0, 1), 1);
	assert_turn(s, "result 1 p0 OK spawn 0\nresult 1 p1 FAILED spawn 0\nend 1\n");
}

/* While starts are held, they wait; stops do not. */
static void
test_hold(void **state)
{
	struct scene *s = *state;

	jobs_hold(s->jobs, true);
	assert_true(jobs_are_held(s->jobs));
	assert_int_equal(add(s, JOB_START, 0, 1), 1);
	assert_int_equal(add(s, JOB_STOP, 2, 2), 2);
	process_autostart(process(s, 3));
	assert_turn(s, "result 2 p2 NOT_RUNNING spawn 0\nend 2\n");
	recorder_tick(&s->recorder, 1000);
	assert_turn(s, "");
	jobs_hold(s->jobs, false);
	recorder_tick(&s->recorder, 1000);
	finish(s);
	assert_int_equal(process(s, 0)->state, PROCESS_STARTING);
	assert_int_equal(process(s, 1)->state, PROCESS_STARTING);
	assert_int_equal(process(s, 3)->state, PROCESS_STARTING);
}

/* FATAL: processes whose turn has not come are left alone and get a fault. */
static void
test_halt(void **state)
{
	struct scene *s = *state;

	assert_int_equal(add(s, JOB_STOP, 0, 1), 1);
	jobs_halt(s->jobs);
	assert_turn(
	    s, "result 1 p0 FATAL_STATE spawn 0\nresult 1 p1 FATAL_STATE spawn 0\nend 1\n");
}

/* A stop cancels the starts that were queued before it, but no later ones. */
static void
test_cancel_starts(void **state)
{
	struct scene *s = *state;

	add(s, JOB_START, 0, 2);
	assert_false(jobs_cancel_starts(s->jobs, process(s, 1)));
	assert_turn(s,
	    "spawn p0\nresult 1 p0 OK spawn 1\n"
	    "result 1 p1 ABNORMAL_TERMINATION spawn 0\n"
	    "spawn p2\nresult 1 p2 OK spawn 1\nend 1\n");
	add(s, JOB_START, 1, 1);
	assert_turn(s, "spawn p1\nresult 2 p1 OK spawn 1\nend 2\n");
	process_autostart(process(s, 3));
	process_autostart(process(s, 4));
	assert_true(jobs_cancel_starts(s->jobs, process(s, 3)));
	assert_turn(s, "spawn p4\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cancel_starts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_begins_next_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kinds_and_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check, setup, teardown),
		cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
		cmocka_unit_test_setup_teardown(test_respawns_alternate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crash_loop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forget, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removed_processes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restart_queue_grows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clear, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_halt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queued_jobs, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
