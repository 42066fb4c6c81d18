/* Sequence: restarts and updates step by step, and events in the middle of them. */
#include "tests/unit/common/no_log.h"
#include "tests/unit/master/recorder.h"

#include "common/loop.h"
#include "master/control/sequence.h"

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
	struct sequences *all;
	enum fault remove_fault;
};

static const char *const actions[] = { "stop", "start", "remove", "add" };

static void
result(void *ctx, uint64_t number, enum sequence_action action, const struct process *p,
    enum fault fault, const char *detail)
{
	struct scene *s = ctx;

	(void)number;
	recorder_line(&s->recorder, "%s %s: %s%s", actions[action], p->config->name,
	    fault == FAULT_NONE ? "OK" : fault_name(fault), detail != NULL ? " …" : "");
}

static void
step_ended(void *ctx, uint64_t number, const struct sequence_step *step, enum fault fault,
    const char *detail)
{
	struct scene *s = ctx;

	(void)number;
	(void)detail;
	recorder_line(&s->recorder, "%s of %s: %s", actions[step->action],
	    step->target != NULL ? step->target : "all",
	    fault == FAULT_NONE ? "OK" : fault_name(fault));
}

static void
end(void *ctx, uint64_t number)
{
	struct scene *s = ctx;

	recorder_line(&s->recorder, "end %llu", (unsigned long long)number);
}

static const struct sequence_sink sink = { result, step_ended, end, NULL };

static enum fault
change_group(
    void *ctx, enum sequence_action action, const char *group, char **detail UNUSED)
{
	struct scene *s = ctx;

	recorder_line(&s->recorder, "%s %s", actions[action], group);
	return action == SEQUENCE_REMOVE ? s->remove_fault : FAULT_NONE;
}

static void
changed(struct recorder *r, struct process *p, enum process_state from)
{
	struct scene *s = r->ctx;

	(void)from;
	sequences_changed(s->all, p);
}

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct group_config *g = recorder_group("g", 1), *h = recorder_group("h", 2);
	uint64_t next_id = 1;

	assert_non_null(s);
	recorder_init(&s->recorder);
	s->recorder.quiet = true;
	s->recorder.ctx = s;
	s->recorder.changed = changed;
	s->recorder.groups = s->groups = groups_new(NULL);
	s->loop = loop_new();
	assert_non_null(s->loop);
	s->jobs = jobs_new(s->loop, s->groups, NULL);
	s->all = sequences_new(s->loop, s->groups, s->jobs, change_group, s);
	assert_non_null(s->all);
	recorder_add(g, recorder_program("a", 1));
	recorder_add(g, recorder_program("b", 1));
	recorder_add(h, recorder_program("c", 1));
	recorder_activate(&s->recorder, s->groups, g, &next_id);
	recorder_activate(&s->recorder, s->groups, h, &next_id);
	log_init(no_log, NULL, LEVEL_CRITICAL);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	sequences_free(s->all);
	jobs_free(s->jobs);
	groups_free(s->groups);
	loop_free(s->loop);
	recorder_clear(&s->recorder);
	free(s);
	return 0;
}

static struct process *
process(struct scene *s, char name)
{
	return groups_process(s->groups, (uint64_t)(name - 'a') + 1);
}

/* Makes the process RUNNING: its startsecs are over. */
static void
come_up(struct scene *s, char name)
{
	process(s, name)->due_ms = clock_mono_ms();
	process_timeout(process(s, name));
}

static void
run(struct scene *s, const char *names)
{
	uint64_t spawn;
	char *detail;

	for (; *names != '\0'; names++) {
		assert_int_equal(process_start(process(s, *names), &spawn, &detail), 0);
		come_up(s, *names);
	}
	free(recorder_take(&s->recorder));
}

static void
settle(struct scene *s, const char *want)
{
	char *got;

	for (int i = 0; i < 20; i++)
		assert_int_equal(loop_turn(s->loop, 0), 0);
	got = recorder_take(&s->recorder);
	assert_string_equal(got, want);
	free(got);
}

/* Adds a sequence for who has the grant. A step is a letter for the action and a target;
 * "*" means all. */
static uint64_t
add_for(struct scene *s, const struct grant *grant, const char *const *steps)
{
	struct sequence_step *list = calloc(16, sizeof(*list));
	size_t count = 0;

	assert_non_null(list);
	for (; *steps != NULL; steps++, count++) {
		list[count].action = **steps == '-' ? SEQUENCE_STOP :
		    **steps == '+'                  ? SEQUENCE_START :
		    **steps == 'R'                  ? SEQUENCE_REMOVE :
						      SEQUENCE_ADD;
		if (strcmp(*steps + 1, "*") != 0)
			list[count].target = strdup(*steps + 1);
	}
	return sequences_add(s->all, list, count, grant, &sink, s);
}

#define ADD(s, ...) add_for(s, NULL, (const char *const[]){ __VA_ARGS__, NULL })

static void
test_restart_one(void **state)
{
	struct scene *s = *state;

	run(s, "ab");
	assert_int_equal(ADD(s, "-g:a", "+g:a"), 1);
	settle(s, "kill 100 15\n");
	process_reaped(process(s, 'a'), 0);
	settle(s, "stop a: OK\nstop of g:a: OK\nspawn a\n");
	come_up(s, 'a');
	settle(s, "start a: OK\nend 1\n");
}

/* Every process of the group is stopped before the first one is started. */
static void
test_restart_group(void **state)
{
	struct scene *s = *state;

	run(s, "a");
	ADD(s, "-g:*", "-h:*", "+g:*", "+h:*");
	settle(s, "kill 100 15\n");
	process_reaped(process(s, 'a'), 0);
	settle(s, "stop a: OK\nstop of g:*: OK\nstop of h:*: OK\nspawn a\nspawn b\n");
	come_up(s, 'b');
	settle(s, "start b: OK\n");
	process_reaped(process(s, 'a'), 1 << 8);
	settle(s, "start a: SPAWN_ERROR\nspawn c\n");
	come_up(s, 'c');
	settle(s, "start c: OK\nend 1\n");
}

static void
test_all(void **state)
{
	struct scene *s = *state;

	run(s, "ac");
	ADD(s, "-*", "+*");
	settle(s, "kill 100 15\nkill 101 15\n");
	process_reaped(process(s, 'c'), 0);
	settle(s, "stop c: OK\n");
	process_reaped(process(s, 'a'), 0);
	settle(s, "stop a: OK\nstop of all: OK\nspawn a\nspawn b\nspawn c\n");
}

/* The client has gone: the remaining steps are carried out. */
static void
test_forgotten(void **state)
{
	struct scene *s = *state;

	run(s, "a");
	ADD(s, "-g:a", "+g:a");
	settle(s, "kill 100 15\n");
	sequences_forget(s->all, s);
	process_reaped(process(s, 'a'), 0);
	settle(s, "spawn a\n");
	come_up(s, 'a');
	settle(s, "");
	assert_null(sequences_get(s->all, 0, &(struct sequence_rest){ 0 }));
}

/* A process that does not run or does not exist gets a fault; the others continue. */
static void
test_faults(void **state)
{
	struct scene *s = *state;

	ADD(s, "-a", "-x", "-g:a", "+x", "+g:a");
	settle(s,
	    "stop of a: BAD_NAME\nstop of x: BAD_NAME\nstop a: NOT_RUNNING\n"
	    "stop of g:a: OK\nstart of x: BAD_NAME\nspawn a\n");
	come_up(s, 'a');
	settle(s, "start a: OK\nend 1\n");
}

/* A stop by another client during a restart cancels its start. */
static void
test_stopped_meanwhile(void **state)
{
	struct scene *s = *state;

	run(s, "a");
	ADD(s, "-g:a", "+g:a");
	settle(s, "kill 100 15\n");
	(void)jobs_cancel_starts(s->jobs, process(s, 'a'));
	process_reaped(process(s, 'a'), 0);
	settle(s, "stop a: OK\nstop of g:a: OK\nstart a: ABNORMAL_TERMINATION\nend 1\n");
	assert_int_equal(process(s, 'a')->state, PROCESS_STOPPED);
}

/* A process that is being stopped already is started when it has stopped. */
static void
test_stopping_already(void **state)
{
	struct scene *s = *state;
	char *detail;

	run(s, "a");
	assert_int_equal(process_stop(process(s, 'a'), &detail), 0);
	free(recorder_take(&s->recorder));
	ADD(s, "-g:a", "+g:a");
	settle(s, "stop a: NOT_RUNNING\n");
	process_reaped(process(s, 'a'), 0);
	settle(s, "stop of g:a: OK\nspawn a\n");
}

/* The same in a group, without a result; and for a process that is named twice. */
static void
test_stopping_already_in_a_group(void **state)
{
	struct scene *s = *state;
	char *detail;

	run(s, "ab");
	assert_int_equal(process_stop(process(s, 'a'), &detail), 0);
	free(recorder_take(&s->recorder));
	ADD(s, "-g:*", "+g:*");
	settle(s, "kill 101 15\n");
	process_reaped(process(s, 'b'), 0);
	settle(s, "stop b: OK\n");
	process_reaped(process(s, 'a'), 0);
	settle(s, "stop of g:*: OK\nspawn a\nspawn b\n");
}

static void
test_named_twice(void **state)
{
	struct scene *s = *state;

	run(s, "a");
	ADD(s, "-g:a\ng:a\ng:*", "+g:a");
	settle(s, "kill 100 15\nstop a: NOT_RUNNING\nstop a: NOT_RUNNING\n");
	process_reaped(process(s, 'a'), 0);
	settle(s, "stop a: OK\nstop of g:a\ng:a\ng:*: OK\nspawn a\n");
}

/* The targets of one step are handled together. */
static void
test_together(void **state)
{
	struct scene *s = *state;

	run(s, "ac");
	ADD(s, "-g:a\nx\nh:*", "+g:a\nx\nh:*");
	settle(s, "stop of x: BAD_NAME\nkill 100 15\nkill 101 15\n");
	process_reaped(process(s, 'c'), 0);
	process_reaped(process(s, 'a'), 0);
	settle(s,
	    "stop c: OK\nstop a: OK\nstop of g:a\nx\nh:*: OK\n"
	    "start of x: BAD_NAME\nspawn a\nspawn c\n");
}

static void
test_update(void **state)
{
	struct scene *s = *state;

	run(s, "ac");
	ADD(s, "-g:*", "Rg", "-h:*", "Rh", "Ah", "Ai");
	settle(s, "kill 100 15\n");
	process_reaped(process(s, 'a'), 0);
	settle(s, "stop a: OK\nstop of g:*: OK\nremove g\nremove of g: OK\nkill 101 15\n");
	process_reaped(process(s, 'c'), 0);
	settle(s,
	    "stop c: OK\nstop of h:*: OK\nremove h\nremove of h: OK\nadd h\n"
	    "add of h: OK\nadd i\nadd of i: OK\nend 1\n");
}

/* The fault of a removal ends the sequence. */
static void
test_update_fails(void **state)
{
	struct scene *s = *state;

	s->remove_fault = FAULT_STILL_RUNNING;
	ADD(s, "-g:*", "Rg", "Ag", "Ai");
	settle(s, "stop of g:*: OK\nremove g\nremove of g: STILL_RUNNING\nend 1\n");
}

/* A group that cannot be stopped is not removed; the following steps are carried out. */
static void
test_update_cannot_stop(void **state)
{
	struct scene *s = *state;

	run(s, "a");
	s->recorder.kill_errno = EPERM;
	ADD(s, "-g:*", "Rg", "Ai");
	settle(s,
	    "kill 100 15\nstop a: FAILED …\nstop of g:*: OK\nremove of g: FAILED\n"
	    "add i\nadd of i: OK\nend 1\n");
}

/* Puts the one sequence into a new struct sequences, as an upgrade does; it has `count`
 * steps left. */
static struct sequence_record
hand_over(struct scene *s, size_t count)
{
	struct sequence_rest rest, copy = { .ctx = s };
	struct sequence_record record;

	assert_non_null(sequences_get(s->all, 0, &rest));
	record = *sequences_get(s->all, 0, &rest);
	assert_int_equal(rest.count, count);
	assert_ptr_equal(rest.ctx, s);
	copy.steps = calloc(count, sizeof(*copy.steps));
	copy.waits = calloc(rest.nwaits + 1, sizeof(*copy.waits));
	assert_non_null(copy.steps);
	assert_non_null(copy.waits);
	copy.count = count;
	copy.nwaits = rest.nwaits;
	for (size_t i = 0; i < count; i++)
		copy.steps[i] = (struct sequence_step){ rest.steps[i].action,
			strdup(rest.steps[i].target) };
	for (size_t i = 0; i < rest.nwaits; i++)
		copy.waits[i] = rest.waits[i];
	record.programs = NULL;
	sequences_free(s->all);
	s->all = sequences_new(s->loop, s->groups, s->jobs, change_group, s);
	assert_int_equal(sequences_restore(s->all, &record, &copy, &sink), 0);
	return record;
}

/* Continues with the current step, and with the processes' present states. */
static void
test_put_back(void **state)
{
	struct scene *s = *state;
	struct sequence_record record;

	run(s, "a");
	ADD(s, "-g:b", "-g:a", "+g:a");
	settle(s, "stop b: NOT_RUNNING\nstop of g:b: OK\nkill 100 15\n");
	record = hand_over(s, 2);
	assert_true(record.begun && record.issued);
	settle(s, "");
	process_reaped(process(s, 'a'), 0);
	settle(s, "stop a: OK\nstop of g:a: OK\nspawn a\n");
	come_up(s, 'a');
	settle(s, "start a: OK\nend 1\n");
}

/* The job of a step that is under way continues for the sequence. */
static void
test_put_back_with_job(void **state)
{
	struct scene *s = *state;
	struct sequence_record record;
	struct jobs *old = s->jobs;
	const struct job_sink *job_sink;
	struct job_record job;
	void *ctx;

	run(s, "ab");
	ADD(s, "-g:a\ng:b");
	assert_int_equal(loop_turn(s->loop, 0), 0);
	assert_non_null(jobs_get(s->jobs, 0, &ctx));
	job = *jobs_get(s->jobs, 0, &ctx);
	job.ids = (struct id_queue){ 0 };
	assert_int_equal(job.sequence, 1);
	assert_int_equal(id_queue_push(&job.ids, process(s, 'a')->id), 0);
	assert_int_equal(id_queue_push(&job.ids, process(s, 'b')->id), 0);
	s->jobs = jobs_new(s->loop, s->groups, NULL);
	record = hand_over(s, 1);
	jobs_free(old);
	assert_true(record.begun && !record.issued);
	assert_null(sequences_job_sink(s->all, 2, &ctx));
	job_sink = sequences_job_sink(s->all, 1, &ctx);
	assert_int_equal(jobs_restore(s->jobs, &job, job_sink, ctx), 0);
	settle(s, "kill 100 15\nkill 101 15\n");
	process_reaped(process(s, 'a'), 0);
	process_reaped(process(s, 'b'), 0);
	settle(s, "stop a: OK\nstop b: OK\nstop of g:a\ng:b: OK\nend 1\n");
}

/* Steps of a client that sees `a` concern nothing else, also after a handover. */
static void
test_visible(void **state)
{
	static const char *const programs[] = { "g:a", "other", NULL };
	struct scene *s = *state;
	struct grant *grant = grant_new(&(struct grant_source){ .programs = programs });
	struct sequence_record record = { .number = 7 };
	struct sequence_rest rest = { .steps = calloc(1, sizeof(*rest.steps)),
		.count = 1, .ctx = s };

	run(s, "abc");
	assert_int_equal(
	    add_for(s, grant,
		(const char *const[]){ "-*", "-g:*", "-g:b", "-h:*", "+*", NULL }),
	    1);
	settle(s, "kill 100 15\n");
	assert_string_equal(
	    sequences_get(s->all, 0, &(struct sequence_rest){ 0 })->programs, "g:a,other");
	process_reaped(process(s, 'a'), 0);
	settle(s,
	    "stop a: OK\nstop of all: OK\nstop of g:*: OK\nstop of g:b: BAD_NAME\n"
	    "stop of h:*: BAD_NAME\nspawn a\n");
	come_up(s, 'a');
	settle(s, "start a: OK\nend 1\n");
	assert_non_null(rest.steps);
	rest.steps->action = SEQUENCE_STOP;
	record.programs = strdup("other,g:a");
	assert_int_equal(sequences_restore(s->all, &record, &rest, NULL), 0);
	settle(s, "kill 103 15\n");
	grant_unref(grant);
}

static void
test_bounds(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < SEQUENCES_PER_SINK; i++)
		assert_true(ADD(s, "-g:a") != 0);
	assert_int_equal(ADD(s, "-g:a"), 0);
	assert_int_equal(errno, ENOBUFS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_restart_one),
		TEST(test_restart_group),
		TEST(test_all),
		TEST(test_forgotten),
		TEST(test_faults),
		TEST(test_stopped_meanwhile),
		TEST(test_stopping_already),
		TEST(test_stopping_already_in_a_group),
		TEST(test_named_twice),
		TEST(test_together),
		TEST(test_update),
		TEST(test_update_fails),
		TEST(test_update_cannot_stop),
		TEST(test_put_back),
		TEST(test_put_back_with_job),
		TEST(test_visible),
		TEST(test_bounds),
	};

	return cmocka_run_group_tests_name("sequence", tests, NULL, NULL);
}
