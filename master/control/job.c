#include "master/control/job.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BEHIND_MS 10	/* until sinks that are behind are asked again */
#define TURN_MS 4		/* how long one turn may work */
#define AGAIN_MS 100		/* when there was no memory to remember a respawn */

struct job {
	STAILQ_ENTRY(job) in_queue;
	uint64_t number;
	enum job_kind kind;
	int signo;
	char *said;		/* owned, or NULL; only for the sink */
	uint64_t sequence;	/* whose part it is, or 0 */
	struct job_sink sink;	/* empty = nobody listens */
	void *ctx;
	uint64_t *ids;
	size_t next, count;
};

STAILQ_HEAD(job_list, job);

/* Numbers, so that a process that is freed leaves nothing dangling. */
struct respawns {
	uint64_t *ids;
	size_t start, count, room;
	bool lost;	/* one could not be remembered: look through all processes */
};

struct jobs {
	struct groups *groups;
	struct source *timer;
	struct job_list queue;
	struct respawns respawns;
	jobs_check_fn *check;
	jobs_clear_fn *clear;
	uint64_t next_number;
	bool job_next;		/* whose turn it is */
	bool halted;		/* FATAL: follows from the mood */
	size_t count;		/* jobs queued */
	size_t waiting;		/* processes in them */
	size_t behind;		/* jobs in a row whose sinks would not take results */
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct job) == 96, "see jobs_get");
_Static_assert(sizeof(void *) != 8 || sizeof(struct jobs) == 128, "see jobs_get");

/* ---- the respawn queue ---- */

static int
respawns_room(struct respawns *r)
{
	size_t room = r->room != 0 ? 2 * r->room : 64;
	uint64_t *ids;

	if (r->count < r->room)
		return 0;
	ids = calloc(room, sizeof(*ids));
	if (ids == NULL)
		return -1;
	for (size_t i = 0; i < r->count; i++)
		ids[i] = r->ids[(r->start + i) % r->room];
	free(r->ids);
	r->ids = ids;
	r->start = 0;
	r->room = room;
	return 0;
}

static int
respawns_push(struct respawns *r, uint64_t id)
{
	if (respawns_room(r) == -1)
		return -1;
	r->ids[(r->start + r->count++) % r->room] = id;
	return 0;
}

static uint64_t
respawns_pop(struct respawns *r)
{
	uint64_t id = r->ids[r->start];

	r->start = (r->start + 1) % r->room;
	r->count--;
	return id;
}

/* After a loss, and with the queue empty: whoever is marked is due. */
static void
jobs_find_lost(struct jobs *jobs)
{
	struct group *group;
	struct process *p;

	jobs->respawns.lost = false;
	for (group = groups_first(jobs->groups); group != NULL;
	    group = groups_next(group)) {
		TAILQ_FOREACH(p, &group->processes, in_group) {
			if (p->respawning)
				jobs_respawn(jobs, p);
		}
	}
}

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
	if (jobs->check != NULL)
		fault = jobs->check(p, detail);
	if (fault != FAULT_NONE)
		return fault;
	if (p->ops->is_stopping(p))
		return FAULT_SHUTDOWN_STATE;
	return process_start(p, spawn, detail);
}

static enum fault
job_stop(const struct jobs *jobs UNUSED, const struct job *job UNUSED, struct process *p,
    uint64_t *spawn, char **detail)
{
	*spawn = p->spawn;
	return process_stop(p, detail);
}

static enum fault
job_signal(const struct jobs *jobs UNUSED, const struct job *job, struct process *p,
    uint64_t *spawn, char **detail)
{
	*spawn = p->spawn;
	if (job->signo == JOB_BAD_SIGNAL) {
		*detail = job->said != NULL ? strdup(job->said) : NULL;
		return FAULT_BAD_SIGNAL;
	}
	return process_signal(p, job->signo, detail);
}

static enum fault
job_clear(const struct jobs *jobs, const struct job *job UNUSED, struct process *p,
    uint64_t *spawn, char **detail UNUSED)
{
	*spawn = p->spawn;
	return jobs->clear == NULL ? FAULT_FAILED : jobs->clear(p);
}

static enum fault (*const job_work[])(const struct jobs *, const struct job *,
    struct process *, uint64_t *, char **) = {
	[JOB_START] = job_start,
	[JOB_STOP] = job_stop,
	[JOB_SIGNAL] = job_signal,
	[JOB_CLEAR] = job_clear,
};

static void
job_free(struct job *job)
{
	free(job->ids);
	free(job->said);
	free(job);
}

static void
job_step(struct jobs *jobs, struct job *job)
{
	struct process *p = groups_process(jobs->groups, job->ids[job->next++]);
	char *detail = NULL;
	uint64_t spawn = 0;
	enum fault fault;

	if (p == NULL)
		return;
	fault = jobs->halted ? FAULT_FATAL_STATE :
	    job_work[job->kind](jobs, job, p, &spawn, &detail);
	if (job->sink.result != NULL)
		job->sink.result(job->ctx, job->number, p, fault, detail, spawn);
	free(detail);
}

static void
job_end(struct jobs *jobs, struct job *job)
{
	STAILQ_REMOVE_HEAD(&jobs->queue, in_queue);
	jobs->count--;
	if (job->sink.end != NULL)
		job->sink.end(job->ctx, job->number);
	job_free(job);
}

static void
jobs_step_job(struct jobs *jobs)
{
	struct job *job = STAILQ_FIRST(&jobs->queue);

	if (job->sink.is_behind != NULL && job->sink.is_behind(job->ctx)) {
		STAILQ_REMOVE_HEAD(&jobs->queue, in_queue);
		STAILQ_INSERT_TAIL(&jobs->queue, job, in_queue);
		jobs->behind++;
		return;
	}
	jobs->behind = 0;
	if (job->next < job->count) {
		jobs->waiting--;
		job_step(jobs, job);
	}
	if (job->next == job->count)
		job_end(jobs, job);
}

static void
jobs_step_respawn(struct jobs *jobs)
{
	struct process *p = groups_process(jobs->groups, respawns_pop(&jobs->respawns));

	if (p != NULL)
		process_respawn(p);
}

static bool
jobs_step(struct jobs *jobs)
{
	bool has_job = !STAILQ_EMPTY(&jobs->queue), has_respawn = jobs->respawns.count > 0;

	if (!has_job && !has_respawn)
		return false;
	jobs->job_next = has_job && (jobs->job_next || !has_respawn);
	if (jobs->job_next)
		jobs_step_job(jobs);
	else
		jobs_step_respawn(jobs);
	jobs->job_next = !jobs->job_next;
	return true;
}

static void
jobs_wake(struct jobs *jobs)
{
	source_arm(jobs->timer, clock_mono_ms());
}

/* Nobody is left who takes results, and nothing is to be respawned. */
static bool
jobs_are_behind(const struct jobs *jobs)
{
	return jobs->behind > 0 && jobs->behind >= jobs->count && jobs->respawns.count == 0;
}

static void
jobs_turn(void *ctx, uint32_t ready UNUSED)
{
	struct jobs *jobs = ctx;
	int64_t end = clock_mono_ms() + TURN_MS;
	bool more;

	jobs->behind = 0;
	do
		more = jobs_step(jobs);
	while (more && !jobs_are_behind(jobs) && clock_mono_ms() < end);
	if (!more && jobs->respawns.lost)
		jobs_find_lost(jobs);
	else if (more && jobs_are_behind(jobs))
		source_arm(jobs->timer, clock_mono_ms() + BEHIND_MS);
	else if (more)
		jobs_wake(jobs);
}

/* ---- the doors ---- */

struct jobs *
jobs_new(struct loop *loop, struct groups *groups)
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
	jobs->next_number = 1;
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
	free(jobs->respawns.ids);
	free(jobs);
}

void
jobs_clear_with(struct jobs *jobs, jobs_clear_fn *clear)
{
	jobs->clear = clear;
}

void
jobs_halt(struct jobs *jobs)
{
	jobs->halted = true;
}

void
jobs_check_with(struct jobs *jobs, jobs_check_fn *check)
{
	jobs->check = check;
}

static struct job *
jobs_queue(struct jobs *jobs, uint64_t number, const struct job_order *order, size_t count)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->ids = calloc(count + 1, sizeof(*job->ids));
	job->said = order->said != NULL ? strdup(order->said) : NULL;
	if (job->ids == NULL || (job->said == NULL && order->said != NULL)) {
		job_free(job);
		return NULL;
	}
	job->number = number;
	job->kind = order->kind;
	job->signo = order->signo;
	job->sequence = order->sequence;
	job->count = count;
	jobs->count++;
	jobs->waiting += count;
	STAILQ_INSERT_TAIL(&jobs->queue, job, in_queue);
	jobs_wake(jobs);
	return job;
}

static bool
jobs_have_room(const struct jobs *jobs, size_t count, const void *ctx)
{
	const struct job *job;
	size_t own = 0;

	STAILQ_FOREACH(job, &jobs->queue, in_queue)
		own += job->ctx == ctx;
	return own < JOBS_PER_SINK && jobs->count < JOBS_MAX &&
	    (jobs->count == 0 || jobs->waiting + count <= JOBS_PROCESSES);
}

uint64_t
jobs_add(struct jobs *jobs, const struct job_order *order, struct process **processes_take,
    size_t count, const struct job_sink *sink, void *ctx)
{
	struct job *job = NULL;

	errno = ENOBUFS;
	if (order->sequence != 0 || jobs_have_room(jobs, count, ctx)) {
		errno = ENOMEM;
		job = jobs_queue(jobs, jobs->next_number, order, count);
	}
	if (job == NULL) {
		free(processes_take);
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		job->ids[i] = processes_take[i]->id;
	free(processes_take);
	job->sink = *sink;
	job->ctx = ctx;
	return jobs->next_number++;
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
	if (respawns_push(&jobs->respawns, p->id) == 0) {
		jobs_wake(jobs);
		return;
	}
	jobs->respawns.lost = true;
	if (source_deadline(jobs->timer) == -1)
		source_arm(jobs->timer, clock_mono_ms() + AGAIN_MS);
}

bool
jobs_cancel_starts(struct jobs *jobs, struct process *p)
{
	p->first_start_job = jobs->next_number;
	return process_cancel_start(p);
}

void
jobs_drop_process(struct jobs *jobs UNUSED, struct process *p)
{
	/* The queues hold numbers that are never reused: only this mark could call it. */
	(void)process_cancel_start(p);
}

/* ---- the state document ---- */

bool
jobs_get(const struct jobs *jobs, size_t index, struct job_state *state)
{
	const struct job *job;

	STAILQ_FOREACH(job, &jobs->queue, in_queue) {
		if (job->sequence != 0 || index-- > 0)
			continue;
		*state = (struct job_state){
			.number = job->number,
			.kind = job->kind,
			.signo = job->signo,
			.ids = job->ids + job->next,
			.count = job->count - job->next,
		};
		return true;
	}
	return false;
}

int
jobs_put_back(struct jobs *jobs, const struct job_state *state)
{
	const struct job_order order = {.kind = state->kind, .signo = state->signo};
	struct job *job = jobs_queue(jobs, state->number, &order, state->count);

	if (job == NULL)
		return -1;
	if (state->count > 0)
		memcpy(job->ids, state->ids, state->count * sizeof(*job->ids));
	return 0;
}

uint64_t
jobs_respawning(const struct jobs *jobs, size_t index)
{
	const struct respawns *r = &jobs->respawns;

	return index < r->count ? r->ids[(r->start + index) % r->room] : 0;
}

uint64_t
jobs_take_number(struct jobs *jobs)
{
	return jobs->next_number++;
}

uint64_t
jobs_next_number(const struct jobs *jobs)
{
	return jobs->next_number;
}

void
jobs_set_next_number(struct jobs *jobs, uint64_t number)
{
	jobs->next_number = number;
}
