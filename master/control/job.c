#include "master/control/job.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BEHIND_MS 10 /* between two attempts while all sinks are behind */
#define TURN_MS 4    /* for work in one loop iteration */
#define AGAIN_MS 100 /* until a restart that found no memory is queued again */

struct job {
	STAILQ_ENTRY(job) in_queue;
	union {
		struct job_record record;
		struct FIELDS(JOB_FIELDS);
	};
	struct job_sink sink; /* all zero = none */
	void *ctx;
};

STAILQ_HEAD(job_list, job);

struct jobs {
	struct groups *groups;
	struct source *timer;
	struct job_list queue;
	struct restart_queue restarts;
	const struct jobs_ops *ops;
	struct jobs_record record;
	bool job_next;  /* next is a job, not a restart */
	bool halted;    /* the daemon's state is FATAL */
	bool held;      /* nothing may start yet */
	size_t count;   /* of queued jobs */
	size_t waiting; /* processes in them */
	size_t behind;  /* jobs in a row whose sinks were behind */
};

static bool
job_takes_stopped(enum process_state state)
{
	return !process_state_is_running(state);
}

static bool
job_takes_any(enum process_state state UNUSED)
{
	return true;
}

bool (*const job_takes[])(enum process_state) = {
	[JOB_START] = job_takes_stopped,
	[JOB_STOP] = process_state_is_running,
	[JOB_SIGNAL] = process_state_is_signallable,
	[JOB_CLEAR] = job_takes_any,
};

/* ---- work ---- */

static enum fault
job_start(const struct jobs *jobs, const struct job *job, struct process *p,
    uint64_t *spawn, char **detail)
{
	enum fault fault = FAULT_NONE;

	if ((job->sequence != 0 ? job->sequence : job->number) < p->first_start_job) {
		log_info("%s: pending start cancelled", p->config->name);
		return FAULT_ABNORMAL_TERMINATION;
	}
	if (jobs->ops != NULL)
		fault = jobs->ops->check(p, detail);
	if (fault != FAULT_NONE)
		return fault;
	if (p->ops->is_stopping(p))
		return FAULT_SHUTDOWN_STATE;
	return process_start(p, spawn, detail);
}

static enum fault
job_work(const struct jobs *jobs, const struct job *job, struct process *p, uint64_t *spawn,
    char **detail)
{
	if (jobs->halted)
		return FAULT_FATAL_STATE;
	if (job->kind == JOB_START)
		return job_start(jobs, job, p, spawn, detail);
	*spawn = p->spawn;
	if (job->kind == JOB_STOP)
		return process_stop(p, detail);
	if (job->kind == JOB_CLEAR)
		return jobs->ops == NULL ? FAULT_FAILED : jobs->ops->clear(p);
	if (job->signo != JOB_BAD_SIGNAL)
		return process_signal(p, job->signo, detail);
	*detail = job->signal_text != NULL ? strdup(job->signal_text) : NULL;
	return FAULT_BAD_SIGNAL;
}

static void
job_free(struct job *job)
{
	id_queue_clear(&job->ids);
	free(job->signal_text);
	free(job);
}

static void
job_step(const struct jobs *jobs, struct job *job)
{
	struct process *p = groups_process(jobs->groups, id_queue_pop(&job->ids));
	char *detail = NULL;
	uint64_t spawn = 0;
	enum fault fault;

	if (p == NULL)
		return;
	fault = job_work(jobs, job, p, &spawn, &detail);
	if (job->sink.result != NULL)
		job->sink.result(job->ctx, job->number, p, fault, detail, spawn);
	free(detail);
}

static void
jobs_step_job(struct jobs *jobs)
{
	struct job *job = STAILQ_FIRST(&jobs->queue);

	if ((job->kind == JOB_START && jobs->held) ||
	    (job->sink.is_behind != NULL && job->sink.is_behind(job->ctx))) {
		STAILQ_REMOVE_HEAD(&jobs->queue, in_queue);
		STAILQ_INSERT_TAIL(&jobs->queue, job, in_queue);
		jobs->behind++;
		return;
	}
	jobs->behind = 0;
	if (id_queue_count(&job->ids) > 0) {
		jobs->waiting--;
		job_step(jobs, job);
	}
	if (id_queue_count(&job->ids) > 0)
		return;
	STAILQ_REMOVE_HEAD(&jobs->queue, in_queue);
	jobs->count--;
	if (job->sink.end != NULL)
		job->sink.end(job->ctx, job->number);
	job_free(job);
}

static bool
jobs_have_restart(const struct jobs *jobs)
{
	return !jobs->held && id_queue_count(&jobs->restarts.ids) > 0;
}

/* Works on one process of a job or on one restart, alternately. False when none waits. */
static bool
jobs_step(struct jobs *jobs)
{
	bool has_job = !STAILQ_EMPTY(&jobs->queue);
	bool has_restart = jobs_have_restart(jobs);

	jobs->job_next = has_job && (jobs->job_next || !has_restart);
	if (jobs->job_next)
		jobs_step_job(jobs);
	else if (has_restart)
		(void)restart_queue_step(&jobs->restarts, jobs->groups);
	jobs->job_next = !jobs->job_next;
	return has_job || has_restart;
}

static void
jobs_turn(void *ctx, uint32_t ready UNUSED)
{
	struct jobs *jobs = ctx;
	int64_t end = clock_mono_ms() + TURN_MS;
	bool more, all_behind;

	jobs->behind = 0;
	do {
		more = jobs_step(jobs);
		all_behind = jobs->behind > 0 && jobs->behind >= jobs->count &&
		    !jobs_have_restart(jobs);
	} while (more && !all_behind && clock_mono_ms() < end);
	if (!more && jobs->restarts.lost)
		source_arm(jobs->timer,
		    clock_mono_ms() +
			(restart_queue_recover(&jobs->restarts, jobs->groups) ? 0 :
										AGAIN_MS));
	else if (more)
		source_arm(jobs->timer, clock_mono_ms() + (all_behind ? BEHIND_MS : 0));
}

/* ---- the interface ---- */

struct jobs *
jobs_new(struct loop *loop, struct groups *groups, const struct jobs_ops *ops)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs));

	if (jobs == NULL)
		return NULL;
	jobs->timer = loop_timer(loop, jobs_turn, jobs);
	if (jobs->timer == NULL) {
		free(jobs);
		return NULL;
	}
	jobs->groups = groups;
	jobs->ops = ops;
	jobs->record.next_number = 1;
	STAILQ_INIT(&jobs->queue);
	return jobs;
}

void
jobs_free(struct jobs *jobs)
{
	struct job *job;

	if (jobs == NULL)
		return;
	while ((job = STAILQ_FIRST(&jobs->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&jobs->queue, in_queue);
		job_free(job);
	}
	source_free(jobs->timer);
	id_queue_clear(&jobs->restarts.ids);
	free(jobs);
}

void
jobs_hold(struct jobs *jobs, bool held)
{
	jobs->held = held;
	source_arm(jobs->timer, clock_mono_ms());
}

bool
jobs_are_held(const struct jobs *jobs)
{
	return jobs->held;
}

void
jobs_halt(struct jobs *jobs)
{
	jobs->halted = true;
}

/* Takes the ids and the text of the record, also on failure. NULL with ENOMEM. */
static struct job *
jobs_queue(struct jobs *jobs, struct job_record *record_take, const struct job_sink *sink,
    void *ctx)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL) {
		id_queue_clear(&record_take->ids);
		free(record_take->signal_text);
		return NULL;
	}
	job->record = *record_take;
	job->sink = *sink;
	job->ctx = ctx;
	jobs->count++;
	jobs->waiting += id_queue_count(&job->ids);
	STAILQ_INSERT_TAIL(&jobs->queue, job, in_queue);
	source_arm(jobs->timer, clock_mono_ms());
	return job;
}

static bool
jobs_have_space(const struct jobs *jobs, size_t count, const void *ctx)
{
	const struct job *job;
	size_t own = 0;

	STAILQ_FOREACH(job, &jobs->queue, in_queue)
		own += job->ctx == ctx;
	return own < JOBS_PER_SINK && jobs->count < JOBS_MAX &&
	    (jobs->count == 0 || jobs->waiting + count <= JOBS_PROCESSES);
}

/* The text and the ids. 0, or -1 with ENOMEM and nothing filled. */
static int
job_record_fill(struct job_record *record, const struct job_order *order,
    struct process **processes, size_t count)
{
	const char *text = order->signal_text;

	record->signal_text = text == NULL ? NULL : strdup(text);
	if ((text != NULL && record->signal_text == NULL) ||
	    id_queue_reserve(&record->ids, count) == -1) {
		free(record->signal_text);
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		record->ids.ids[record->ids.end++] = processes[i]->id;
	return 0;
}

uint64_t
jobs_add(struct jobs *jobs, const struct job_order *order, struct process **processes_take,
    size_t count, const struct job_sink *sink, void *ctx)
{
	struct job_record record = {.number = jobs->record.next_number,
	    .kind = order->kind, .signo = order->signo, .sequence = order->sequence};
	struct job *job = NULL;

	errno = ENOBUFS;
	if (order->sequence != 0 || jobs_have_space(jobs, count, ctx)) {
		errno = ENOMEM;
		if (job_record_fill(&record, order, processes_take, count) == 0)
			job = jobs_queue(jobs, &record, sink, ctx);
	}
	free(processes_take);
	return job == NULL ? 0 : jobs->record.next_number++;
}

void
jobs_forget(struct jobs *jobs, const void *ctx)
{
	struct job *job;

	STAILQ_FOREACH(job, &jobs->queue, in_queue) {
		if (job->ctx != ctx)
			continue;
		job->sink = (struct job_sink){ 0 };
		job->ctx = NULL;
	}
}

void
jobs_respawn(struct jobs *jobs, struct process *p)
{
	if (restart_queue_push(&jobs->restarts, p))
		source_arm(jobs->timer, clock_mono_ms());
	else if (source_deadline(jobs->timer) == -1)
		source_arm(jobs->timer, clock_mono_ms() + AGAIN_MS);
}

bool
jobs_cancel_starts(struct jobs *jobs, struct process *p)
{
	p->first_start_job = jobs->record.next_number;
	return process_cancel_start(p);
}

uint64_t
jobs_take_number(struct jobs *jobs)
{
	return jobs->record.next_number++;
}

/* ---- the state document ---- */

struct jobs_record *
jobs_record(struct jobs *jobs)
{
	return &jobs->record;
}

struct restart_queue *
jobs_restarts(struct jobs *jobs)
{
	return &jobs->restarts;
}

const struct job_record *
jobs_get(const struct jobs *jobs, size_t index, void **ctx)
{
	const struct job *job;

	STAILQ_FOREACH(job, &jobs->queue, in_queue)
		if (index-- == 0) {
			*ctx = job->ctx;
			return &job->record;
		}
	return NULL;
}

int
jobs_restore(struct jobs *jobs, struct job_record *record_take, const struct job_sink *sink,
    void *ctx)
{
	static const struct job_sink none;

	return jobs_queue(jobs, record_take, sink != NULL ? sink : &none, ctx) == NULL ?
	    -1 :
	    0;
}

void
jobs_resume(struct jobs *jobs)
{
	source_arm(jobs->timer, clock_mono_ms());
}
