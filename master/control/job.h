/* Job: one action on many processes. Jobs wait in a queue, which works for at most a few
 * milliseconds in a loop iteration, in supervisord's order. A job sends one result for each
 * process, and an end. */
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

#define JOBS_MAX 1024          /* queued at once */
#define JOBS_PER_SINK 256      /* queued for one sink */
#define JOBS_PROCESSES 1000000 /* in all queued jobs; the first one may be larger */

enum job_kind { JOB_START, JOB_STOP, JOB_SIGNAL, JOB_CLEAR };

/* By kind: whether a job on many processes includes those in this state. */
extern bool (*const job_takes[])(enum process_state);

struct jobs;

#define JOB_BAD_SIGNAL (-1) /* as signo: the signal does not exist */

/* The action on each process. */
struct job_order {
	enum job_kind kind;
	int signo;               /* of JOB_SIGNAL */
	const char *signal_text; /* the signal in the request, for faults; NULL = none */
	/* The sequence that the job is a part of, or 0. Such a job counts as queued when
	 * the sequence was, and is not limited. */
	uint64_t sequence;
};

/* Receives a job's results. Strings are borrowed. detail: the text after the fault's name;
 * NULL = the process's namespec. spawn: as in process_start; of other kinds the process's
 * spawn number. A start whose turn comes during a shutdown gets SHUTDOWN_STATE. */
struct job_sink {
	void (*result)(void *ctx, uint64_t job, const struct process *, enum fault,
	    const char *detail, uint64_t spawn);
	void (*end)(void *ctx, uint64_t job);
	/* True while the job should pause: other jobs go first. NULL = never. */
	bool (*is_behind)(void *ctx);
};

/* Functions that jobs call. */
struct jobs_ops {
	/* Before a start: whether the command can be executed. FAULT_NONE, or NO_FILE,
	 * NOT_EXECUTABLE or another fault, with *detail new. */
	enum fault (*check)(struct process *, char **detail);
	/* Clears the logs of a process. FAULT_NONE or FAILED. */
	enum fault (*clear)(struct process *);
};

/* New; NULL with errno. The ops are borrowed. */
struct jobs *jobs_new(struct loop *, struct groups *, const struct jobs_ops *);
void jobs_free(struct jobs *);
/* Queues a job on these processes. One that is removed before its turn is skipped; one
 * whose state has changed gets a fault. The job's number, or 0 with ENOMEM, or ENOBUFS when
 * too much is queued. Results begin in the next loop iteration. */
uint64_t jobs_add(struct jobs *, const struct job_order *, struct process **processes_take,
    size_t count, const struct job_sink *, void *ctx);
/* A sink is going away: its jobs continue without results. */
void jobs_forget(struct jobs *, const void *ctx);
/* While they are held, nothing starts: starts in jobs and automatic starts wait. */
void jobs_hold(struct jobs *, bool held);
bool jobs_are_held(const struct jobs *);
/* FATAL: leaves children alone from now on; processes in the queue get FATAL_STATE. */
void jobs_halt(struct jobs *);
/* Appends to the restart queue, which shares its time with the jobs. */
void jobs_respawn(struct jobs *, struct process *);
/* Cancels the starts of the process that are queued now, because it is to stop or to stay
 * stopped. Those in jobs get ABNORMAL_TERMINATION, as if it was stopped before it became
 * RUNNING. True when an automatic start was cancelled. */
bool jobs_cancel_starts(struct jobs *, struct process *);

/* The next number, for a sequence of jobs. */
uint64_t jobs_take_number(struct jobs *);

/* Their part of the state document. */
#define JOBS_FIELDS(ROW, S)								\
	ROW(S, U64, next_number)
struct jobs_record FIELDS(JOBS_FIELDS);
#define JOB_FIELDS(ROW, S)								\
	ROW(S, U64, number)								\
	ROW(S, INT, kind)	/* enum job_kind */					\
	ROW(S, INT, signo)								\
	ROW(S, TEXT, signal_text)	/* as in struct job_order */			\
	ROW(S, U64, sequence)		/* the same */					\
	ROW(S, IDS, ids)	/* processes whose turn has not come */
struct job_record FIELDS(JOB_FIELDS);

/* Borrowed, to be read or filled. */
struct jobs_record *jobs_record(struct jobs *);
struct restart_queue *jobs_restarts(struct jobs *);
/* The index-th queued job, and the ctx of its sink (NULL = it has none); NULL at the
 * end. */
const struct job_record *jobs_get(const struct jobs *, size_t index, void **ctx);
/* sink NULL: it continues without results. 0, or -1 with ENOMEM; the record is taken in
 * either case. */
NODISCARD int jobs_restore(
    struct jobs *, struct job_record *take, const struct job_sink *, void *ctx);
/* Continues, in the next loop iteration, with restarts that were filled in. */
void jobs_resume(struct jobs *);

#endif
