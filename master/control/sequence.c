#include "master/control/sequence.h"

#include "common/clock.h"
#include "common/queue.h"
#include "master/process/namespec.h"
#include "master/process/order.h"
#include "master/process/visible.h"
#include "proto/wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 100 /* until a step that found no memory is tried again */

struct sequence {
	TAILQ_ENTRY(sequence) in_sequences;
	struct sequences *sequences;
	union {
		struct sequence_record record;
		struct FIELDS(SEQUENCE_FIELDS);
	};
	struct grant *grant; /* made from `programs`; NULL = all */
	struct sequence_step *steps;
	size_t next, count;
	struct sequence_sink sink; /* all zero = none */
	void *ctx;
	struct sequence_wait *waits;
	size_t nwaits, capacity;
};

TAILQ_HEAD(sequence_list, sequence);

struct sequences {
	struct groups *groups;
	struct jobs *jobs;
	struct sequence_list list;
	struct source *timer; /* armed when a sequence can continue */
	sequence_change_fn *change;
	void *ctx; /* of change */
	size_t count;
};

static const struct {
	enum job_kind job;
	enum wait_kind wait;
} sequence_works[] = {
	[SEQUENCE_STOP] = { JOB_STOP, WAIT_STOP },
	[SEQUENCE_START] = { JOB_START, WAIT_START },
};

/* ---- life ---- */

void
sequence_steps_free(struct sequence_step *steps, size_t count)
{
	for (size_t i = 0; steps != NULL && i < count; i++)
		free(steps[i].target);
	free(steps);
}

static void
sequence_free(struct sequence *s)
{
	TAILQ_REMOVE(&s->sequences->list, s, in_sequences);
	s->sequences->count--;
	jobs_forget(s->sequences->jobs, s);
	sequence_steps_free(s->steps, s->count);
	grant_unref(s->grant);
	free(s->programs);
	free(s->waits);
	free(s);
}

/* ---- results ---- */

static void
sequence_result(
    struct sequence *s, const struct process *p, enum fault fault, const char *detail)
{
	if (s->sink.result != NULL)
		s->sink.result(
		    s->ctx, s->number, s->steps[s->next].action, p, fault, detail);
}

/* True when the wait is over: reported, or the process is gone. */
static bool
sequence_settle(struct sequence *s, const struct sequence_wait *wait)
{
	const struct process *p = groups_process(s->sequences->groups, wait->id);
	enum wait_kind kind = sequence_works[s->steps[s->next].action].wait;
	struct process_info row;
	enum fault fault;

	if (p == NULL)
		return true;
	row = (struct process_info){
		.id = p->id,
		.spawn = p->spawn,
		.last_spawn = p->last_spawn,
		.verdict = p->verdict,
		.state = p->state,
	};
	if (!wait_decide(kind, &row, wait->spawn, &fault))
		return false;
	if (!wait->is_reported)
		sequence_result(s, p, fault, NULL);
	return true;
}

/* Ends the waits for a process (0 = for all) that are over, in the order in which they
 * began. */
static void
sequence_settle_waits(struct sequence *s, uint64_t id)
{
	size_t left = 0;

	for (size_t i = 0; i < s->nwaits; i++)
		if ((id != 0 && s->waits[i].id != id) || !sequence_settle(s, &s->waits[i]))
			s->waits[left++] = s->waits[i];
	s->nwaits = left;
}

static int
sequence_wait_for(
    struct sequence *s, const struct process *p, uint64_t spawn, bool is_reported)
{
	size_t capacity = s->capacity == 0 ? 8 : 2 * s->capacity;
	struct sequence_wait *waits;

	if (s->nwaits == s->capacity) {
		waits = reallocarray(s->waits, capacity, sizeof(*waits));
		if (waits == NULL)
			return -1;
		s->waits = waits;
		s->capacity = capacity;
	}
	s->waits[s->nwaits++] = (struct sequence_wait){ p->id, spawn, is_reported };
	return 0;
}

/* ---- the job of a step ---- */

static void
sequence_job_result(void *ctx, uint64_t job UNUSED, const struct process *p,
    enum fault fault, const char *detail, uint64_t spawn)
{
	struct sequence *s = ctx;
	bool is_stopping = fault == FAULT_NOT_RUNNING && p->state == PROCESS_STOPPING;

	if (fault != FAULT_NONE)
		sequence_result(s, p, fault, detail);
	s->stop_failed = s->stop_failed || fault == FAULT_FAILED;
	/* A process that another client is stopping has to stop before the next step. */
	if ((fault == FAULT_NONE || is_stopping) &&
	    sequence_wait_for(s, p, is_stopping ? p->spawn : spawn, is_stopping) == -1 &&
	    !is_stopping)
		sequence_result(s, p, FAULT_FAILED, "out of memory");
}

static void
sequence_job_end(void *ctx, uint64_t job UNUSED)
{
	struct sequence *s = ctx;

	s->issued = true;
	sequence_settle_waits(s, 0);
	if (s->nwaits == 0)
		source_arm(s->sequences->timer, clock_mono_ms());
}

static bool
sequence_job_is_behind(void *ctx)
{
	const struct sequence *s = ctx;

	return s->sink.is_behind != NULL && s->sink.is_behind(s->ctx);
}

static const struct job_sink sequence_job_sink = {
	.result = sequence_job_result,
	.end = sequence_job_end,
	.is_behind = sequence_job_is_behind,
};

/* Before a stop of a group (NULL = all): cancels starts that wait. Processes that another
 * client is stopping are not reported, but have to stop before the next step, whose start
 * would fail otherwise. 0, or -1 with ENOMEM. */
static int
sequence_prepare_stop(struct sequence *s, const struct group *group)
{
	struct process *p;
	int rc = 0;

	VISIBLE_FOREACH(p, s->grant, s->sequences->groups, group)
	{
		process_stay(p);
		(void)process_cancel_start(p);
		if (p->state == PROCESS_STOPPING &&
		    sequence_wait_for(s, p, p->spawn, true) == -1)
			rc = -1;
	}
	return rc;
}

/* The processes of a step. */
struct selection {
	struct process **list; /* NULL = none of its targets exists */
	size_t count;
};

/* Adds the process of a target, or those of a group (NULL = all) that the step applies to.
 * 0, or -1 with ENOMEM. */
static int
sequence_select(struct sequence *s, const struct group *group, struct process *one,
    struct selection *all)
{
	bool stops = s->steps[s->next].action == SEQUENCE_STOP;
	struct process **added = NULL, **longer;
	size_t count = 1;

	if (one == NULL) {
		if (stops && sequence_prepare_stop(s, group) == -1)
			return -1;
		added = order_select(s->sequences->groups, s->grant, group,
		    job_takes[stops ? JOB_STOP : JOB_START], &count);
		if (added == NULL)
			return -1;
	} else if (stops) {
		process_stay(one);
		(void)process_cancel_start(one);
	}
	longer = reallocarray(all->list, all->count + count + 1, sizeof(struct process *));
	if (longer != NULL) {
		all->list = longer;
		memcpy(longer + all->count, added != NULL ? added : &one,
		    count * sizeof(struct process *));
		all->count += count;
	}
	free(added);
	return longer == NULL ? -1 : 0;
}

static void
sequence_report(struct sequence *s, char *target, enum fault fault, const char *detail)
{
	const struct sequence_step step = {
		.action = s->steps[s->next].action, .target = target };

	if (s->sink.step != NULL)
		s->sink.step(s->ctx, s->number, &step, fault, detail);
}

/* Adds the processes of the namespecs; reports those that do not exist. 0, or -1 with
 * ENOMEM. */
static int
sequence_look_up(struct sequence *s, const char *targets, struct selection *all)
{
	char *copy = strdup(targets), *rest = copy, *target;
	struct process *one;
	struct group *group;
	int rc = copy == NULL ? -1 : 0;

	while (rc == 0 && (target = strsep(&rest, "\n")) != NULL) {
		one = NULL;
		if (namespec_resolve(s->sequences->groups, s->grant, target, &group,
			&one) != FAULT_NONE) {
			sequence_report(s, target, FAULT_BAD_NAME, NULL);
			continue;
		}
		rc = sequence_select(s, group, one, all);
	}
	free(copy);
	return rc;
}

/* Queues the job of a stop or start; 0, or -1 with ENOMEM. */
static int
sequence_begin_work(struct sequence *s)
{
	const struct sequence_step *step = &s->steps[s->next];
	const struct job_order order = {
		.kind = sequence_works[step->action].job,
		.sequence = s->number,
	};
	struct selection all = { .list = NULL };
	int rc;

	s->nwaits = 0;
	rc = step->target != NULL ? sequence_look_up(s, step->target, &all) :
				    sequence_select(s, NULL, NULL, &all);
	if (rc == 0 && all.list != NULL)
		return jobs_add(s->sequences->jobs, &order, all.list, all.count,
			   &sequence_job_sink, s) != 0 ?
		    0 :
		    -1;
	free(all.list);
	s->issued = s->unknown = rc == 0;
	return rc;
}

static void
sequence_change_group(struct sequence *s)
{
	const struct sequences *all = s->sequences;
	const struct sequence_step *step = &s->steps[s->next];
	bool adds_again = s->next + 1 < s->count && step[1].action == SEQUENCE_ADD &&
	    strcmp(step[1].target, step->target) == 0;
	char *detail = NULL;
	enum fault fault;

	s->issued = true;
	if (step->action == SEQUENCE_REMOVE && s->stop_failed && !adds_again) {
		sequence_report(
		    s, step->target, FAULT_FAILED, "a process could not be stopped");
		return;
	}
	fault = all->change(all->ctx, step->action, step->target, &detail);
	sequence_report(s, step->target, fault, detail);
	free(detail);
	s->failed = fault != FAULT_NONE;
}

/* False if out of memory for the step. */
static bool
sequence_begin(struct sequence *s)
{
	enum sequence_action action = s->steps[s->next].action;

	if (action == SEQUENCE_STOP)
		s->stop_failed = false;
	if (action == SEQUENCE_REMOVE || action == SEQUENCE_ADD)
		sequence_change_group(s);
	else if (sequence_begin_work(s) == -1)
		return false;
	s->begun = true;
	if (s->issued)
		source_arm(s->sequences->timer, clock_mono_ms());
	return true;
}

/* Ends the current step if it is over, and begins the next one. False if out of memory for
 * it. */
static bool
sequence_advance(struct sequence *s)
{
	if (s->issued)
		sequence_settle_waits(s, 0);
	if (s->issued && s->nwaits == 0) {
		if (s->steps[s->next].action == SEQUENCE_STOP && !s->unknown)
			sequence_report(s, s->steps[s->next].target, FAULT_NONE, NULL);
		s->next++;
		s->begun = s->issued = s->unknown = false;
	}
	if (s->begun)
		return true;
	if (!s->failed && s->next < s->count)
		return sequence_begin(s);
	if (s->sink.end != NULL)
		s->sink.end(s->ctx, s->number);
	sequence_free(s);
	return true;
}

static void
sequences_turn(void *ctx, uint32_t ready UNUSED)
{
	struct sequences *all = ctx;
	struct sequence *s, *next;

	TAILQ_FOREACH_SAFE(s, &all->list, in_sequences, next)
		if (!sequence_advance(s) && source_deadline(all->timer) == -1)
			source_arm(all->timer, clock_mono_ms() + AGAIN_MS);
}

void
sequences_changed(struct sequences *all, const struct process *p)
{
	struct sequence *s;

	TAILQ_FOREACH(s, &all->list, in_sequences) {
		if (!s->issued)
			continue;
		sequence_settle_waits(s, p->id);
		if (s->nwaits == 0)
			source_arm(all->timer, clock_mono_ms());
	}
}

void
sequences_check(struct sequences *all)
{
	if (all->count > 0)
		source_arm(all->timer, clock_mono_ms());
}

/* ---- the interface ---- */

struct sequences *
sequences_new(struct loop *loop, struct groups *groups, struct jobs *jobs,
    sequence_change_fn *change, void *ctx)
{
	struct sequences *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->timer = loop_timer(loop, sequences_turn, all);
	if (all->timer == NULL) {
		free(all);
		return NULL;
	}
	TAILQ_INIT(&all->list);
	all->groups = groups;
	all->jobs = jobs;
	all->change = change;
	all->ctx = ctx;
	return all;
}

void
sequences_free(struct sequences *all)
{
	struct sequence *s, *next;

	if (all == NULL)
		return;
	TAILQ_FOREACH_SAFE(s, &all->list, in_sequences, next)
		sequence_free(s);
	source_free(all->timer);
	free(all);
}

/* Takes the steps and the texts of the record, also on failure. */
static struct sequence *
sequence_new(struct sequences *all, struct sequence_record *record,
    struct sequence_step *steps, size_t count, const struct sequence_sink *sink, void *ctx)
{
	struct sequence *s = calloc(1, sizeof(*s));

	if (s != NULL && record->programs != NULL) {
		s->grant = grant_read_programs(record->programs);
		if (s->grant == NULL) {
			free(s);
			s = NULL;
		}
	}
	if (s == NULL) {
		free(record->programs);
		sequence_steps_free(steps, count);
		return NULL;
	}
	s->sequences = all;
	s->record = *record;
	s->steps = steps;
	s->count = count;
	s->sink = *sink;
	s->ctx = ctx;
	TAILQ_INSERT_TAIL(&all->list, s, in_sequences);
	all->count++;
	source_arm(all->timer, clock_mono_ms());
	return s;
}

uint64_t
sequences_add(struct sequences *all, struct sequence_step *steps, size_t count,
    const struct grant *grant, const struct sequence_sink *sink, void *ctx)
{
	struct sequence_record record = { 0 };
	struct sequence *s;
	size_t own = 0;

	TAILQ_FOREACH(s, &all->list, in_sequences)
		own += s->ctx == ctx;
	if (all->count >= SEQUENCES_MAX || own >= SEQUENCES_PER_SINK) {
		sequence_steps_free(steps, count);
		errno = ENOBUFS;
		return 0;
	}
	if (grant != NULL && grant_write_programs(grant, &record.programs) == -1) {
		sequence_steps_free(steps, count);
		return 0;
	}
	record.number = jobs_take_number(all->jobs);
	s = sequence_new(all, &record, steps, count, sink, ctx);
	if (s == NULL)
		return 0;
	return s->number;
}

void
sequences_forget(struct sequences *all, const void *ctx)
{
	struct sequence *s;

	TAILQ_FOREACH(s, &all->list, in_sequences) {
		if (s->ctx != ctx)
			continue;
		s->sink = (struct sequence_sink){ 0 };
		s->ctx = NULL;
	}
}

/* ---- the state document ---- */

const struct sequence_record *
sequences_get(const struct sequences *all, size_t index, struct sequence_rest *rest)
{
	const struct sequence *s;

	TAILQ_FOREACH(s, &all->list, in_sequences) {
		if (index-- > 0)
			continue;
		*rest = (struct sequence_rest){ s->steps + s->next, s->count - s->next,
			s->waits, s->nwaits, s->ctx };
		return &s->record;
	}
	return NULL;
}

int
sequences_restore(struct sequences *all, struct sequence_record *record,
    struct sequence_rest *rest, const struct sequence_sink *sink)
{
	static const struct sequence_sink none;
	struct sequence *s = sequence_new(
	    all, record, rest->steps, rest->count, sink != NULL ? sink : &none, rest->ctx);

	if (s == NULL) {
		free(rest->waits);
		return -1;
	}
	s->waits = rest->waits;
	s->nwaits = s->capacity = rest->nwaits;
	return 0;
}

const struct job_sink *
sequences_job_sink(const struct sequences *all, uint64_t number, void **ctx)
{
	struct sequence *s;

	TAILQ_FOREACH(s, &all->list, in_sequences)
		if (s->number == number) {
			*ctx = s;
			return &sequence_job_sink;
		}
	return NULL;
}
