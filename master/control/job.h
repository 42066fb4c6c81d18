/* Job: bulk work as a queue: at most a few milliseconds a turn, in the
 * reference's order, one result per process and an end (design 1). */
#ifndef MASTER_CONTROL_JOB_H
#define MASTER_CONTROL_JOB_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/process/group.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOBS_MAX 1024		/* queued at once … */
#define JOBS_PER_SINK 256	/* … of them for one sink */
#define JOBS_PROCESSES 1000000	/* that wait in them; the first job may be larger */

enum job_kind { JOB_START, JOB_STOP, JOB_SIGNAL, JOB_CLEAR };

struct jobs;

#define JOB_BAD_SIGNAL (-1)	/* as signo: one that does not exist */

/* The action on each process. */
struct job_order {
	enum job_kind kind;
	int signo;		/* of JOB_SIGNAL */
	const char *said;	/* the signal as it was sent, for faults; NULL = none */
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

struct jobs *jobs_new(struct loop *, struct groups *);	/* NULL with errno */
void jobs_free(struct jobs *);
/* Queues the work on these processes (array taken, kept by id: one that is removed
 * meanwhile is skipped; one that no longer qualifies gets its fault). The job's number, or
 * 0 with ENOMEM, or ENOBUFS when too much is queued. Results begin in the next turn. */
uint64_t jobs_add(struct jobs *, const struct job_order *,
    struct process **processes_take, size_t count, const struct job_sink *, void *ctx);
/* A sink is going away: its jobs go on without results. */
void jobs_forget(struct jobs *, const void *ctx);
/* Asked before each start of a JOB_START whether its command can be run: FAULT_NONE, or
 * NO_FILE / NOT_EXECUTABLE (or what else forbids it) with *detail new. NULL = never asked.
 */
typedef enum fault jobs_check_fn(struct process *, char **detail);
void jobs_check_with(struct jobs *, jobs_check_fn *);
/* What a JOB_CLEAR does to one process: FAULT_NONE or FAILED. */
typedef enum fault jobs_clear_fn(struct process *);
void jobs_clear_with(struct jobs *, jobs_clear_fn *);
/* FATAL: children are left alone from now on; what is still queued gets FATAL_STATE. */
void jobs_halt(struct jobs *);
/* Appends to the respawn queue, which shares the turn's time with the jobs. */
void jobs_respawn(struct jobs *, struct process *);
/* A stop of the process, also of one that does not run: what is queued now, here or for an
 * automatic start, starts it no more. A queued start gets ABNORMAL_TERMINATION, as one that
 * is stopped before it is RUNNING. True when an automatic start was cancelled. */
bool jobs_cancel_starts(struct jobs *, struct process *);
/* The process is being freed. */
void jobs_drop_process(struct jobs *, struct process *);

/* For the state document: what is still queued. A job put back has no sink: it goes on
 * without results, as after jobs_forget. */
struct job_state {
	uint64_t number;
	enum job_kind kind;
	int signo;
	const uint64_t *ids;	/* borrowed: processes not yet worked on */
	size_t count;
};
/* The index-th queued job; false at the end. */
bool jobs_get(const struct jobs *, size_t index, struct job_state *);
NODISCARD int jobs_put_back(struct jobs *, const struct job_state *); /* 0, or -1 ENOMEM */
/* The index-th process waiting to be respawned, or 0 at the end. */
uint64_t jobs_respawning(const struct jobs *, size_t index);
/* A number of its own for a sequence of jobs. */
uint64_t jobs_take_number(struct jobs *);
/* The number that the next job gets. */
uint64_t jobs_next_number(const struct jobs *);
void jobs_set_next_number(struct jobs *, uint64_t number);

#endif
