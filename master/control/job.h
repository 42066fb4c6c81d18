/* Job: bulk work as a queue: at most a few milliseconds a turn, in supervisord's order, one
 * result per process and an end. */
#ifndef MASTER_CONTROL_JOB_H
#define MASTER_CONTROL_JOB_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loop.h"
#include "master/process/group.h"
#include "master/process/restart_queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOBS_MAX 1024          /* queued at once … */
#define JOBS_PER_SINK 256      /* … of them for one sink */
#define JOBS_PROCESSES 1000000 /* that wait in them; the first job may be larger */

enum job_kind { JOB_START, JOB_STOP, JOB_SIGNAL, JOB_CLEAR };

/* By kind: whether a job on many processes takes one in this state. */
extern bool (*const job_takes[])(enum process_state);

struct jobs;

#define JOB_BAD_SIGNAL (-1) /* as signo: one that does not exist */

/* The action on each process. */
struct job_order {
	enum job_kind kind;
	int signo;        /* of JOB_SIGNAL */
	const char *said; /* the signal as it was sent, for faults; NULL = none */
	/* A part of a sequence with this number, else 0: it counts as queued since then,
	 * does not count against the bounds, and is not in the state document. */
	uint64_t sequence;
};

/* Where a job's results go. Strings borrowed; detail NULL (then the fault's text is made
 * with the process's namespec) or the text after "NAME: " of the fault; spawn as in
 * process_start, and the process's spawn number for the other kinds. A start that comes up
 * after a shutdown has begun gets SHUTDOWN_STATE. */
struct job_sink {
	void (*result)(void *ctx, uint64_t job, const struct process *, enum fault,
	    const char *detail, uint64_t spawn);
	void (*end)(void *ctx, uint64_t job);
	/* True while results had better wait: other jobs go first. NULL = never. */
	bool (*is_behind)(void *ctx);
};

/* What jobs do by means of others. */
struct jobs_ops {
	/* Before each start of a JOB_START, whether its command can be run: FAULT_NONE, or
	 * NO_FILE / NOT_EXECUTABLE (or what else forbids it) with *detail new. */
	enum fault (*check)(struct process *, char **detail);
	/* JOB_CLEAR of one process: FAULT_NONE or FAILED. */
	enum fault (*clear)(struct process *);
};

/* NULL with errno. The ops are borrowed; without, nothing is checked and cleared. */
struct jobs *jobs_new(struct loop *, struct groups *, const struct jobs_ops *);
void jobs_free(struct jobs *);
/* Queues the work on these processes (array taken, kept by id: one that is removed
 * meanwhile is skipped; one that no longer qualifies gets its fault). The job's number, or
 * 0 with ENOMEM, or ENOBUFS when too much is queued. Results begin in the next turn. */
uint64_t jobs_add(struct jobs *, const struct job_order *, struct process **processes_take,
    size_t count, const struct job_sink *, void *ctx);
/* A sink is going away: its jobs go on without results. */
void jobs_forget(struct jobs *, const void *ctx);
/* FATAL: children are left alone from now on; what is still queued gets FATAL_STATE. */
void jobs_halt(struct jobs *);
/* Appends to the restart queue, which shares the turn's time with the jobs. */
void jobs_respawn(struct jobs *, struct process *);
/* A stop of the process, also of one that does not run: what is queued now, here or for an
 * automatic start, starts it no more. A queued start gets ABNORMAL_TERMINATION, as one that
 * is stopped before it is RUNNING. True when an automatic start was cancelled. */
bool jobs_cancel_starts(struct jobs *, struct process *);

/* A number of its own for a sequence of jobs. */
uint64_t jobs_take_number(struct jobs *);

/* What the state document has of them. */
#define JOBS_FIELDS(ROW, S)								\
	ROW(S, U64, next_number)
struct jobs_record FIELDS(JOBS_FIELDS);
/* A job that is put back has no sink: it goes on without results, as after jobs_forget. */
#define JOB_FIELDS(ROW, S)								\
	ROW(S, U64, number)								\
	ROW(S, INT, kind)	/* enum job_kind */					\
	ROW(S, INT, signo)								\
	ROW(S, IDS, ids)	/* processes not yet worked on */
struct job_record FIELDS(JOB_FIELDS);

/* Borrowed, to be read or filled. */
struct jobs_record *jobs_record(struct jobs *);
struct restart_queue *jobs_restarts(struct jobs *);
/* The index-th queued job, but for those of sequences; NULL at the end. */
const struct job_record *jobs_get(const struct jobs *, size_t index);
/* 0, or -1 with ENOMEM; the ids are taken in either case. */
NODISCARD int jobs_put_back(struct jobs *, struct job_record *take);
/* Goes on, in the next turn, with the restarts that were filled in. */
void jobs_resume(struct jobs *);

#endif
