/* Process: the state table of one supervised process. It decides and makes no system call;
 * process_ops carry out its decisions. */
#ifndef MASTER_PROCESS_PROCESS_H
#define MASTER_PROCESS_PROCESS_H

#include "common/fields.h"
#include "common/queue.h"
#include "master/config/config.h"
#include "proto/fault.h"
#include "proto/state.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct group;
struct process;
struct child;

struct process_ops {
	/* Spawns; the pid, or -1 with *why new: the text for spawnerr. */
	pid_t (*spawn)(struct process *, char **why);
	/* kill(2) to target (a pid, or -pid for the process group); 0, or -1 with errno. */
	int (*kill)(struct process *, pid_t target, int signo);
	/* Kills all processes of the program that its killmode names, at once or in later
	 * loop iterations; 0, or -1 with errno. */
	int (*kill_all)(struct process *);
	/* Calls process_timeout at the monotonic deadline (ms); -1 disarms. */
	void (*arm)(struct process *, int64_t deadline_ms);
	/* Calls process_respawn in a later loop iteration, in the order of these calls. */
	void (*enqueue)(struct process *);
	/* The row has changed: informs subscribers, the group and the daemon. Called once
	 * for each change of the state, and for other changes (pid, spawnerr). */
	void (*changed)(struct process *, enum process_state from);
	/* A main program has ended, or one with exit_on_fatal has failed for good: ends the
	 * daemon with the exit status process->ending. */
	void (*essential_ended)(struct process *);
	/* An invariant does not hold: the daemon enters FATAL. */
	void (*broken)(struct process *, const char *reason);
	/* True while no automatic start may happen (SHUTDOWN, RESTARTING, FATAL). */
	bool (*is_stopping)(const struct process *);
};

/* The members that the state document has. */
#define PROCESS_FIELDS(ROW, S)								\
	ROW(S, U64, id)									\
	ROW(S, U64, spawn)								\
	ROW(S, U64, last_spawn)								\
	ROW(S, VERDICT, verdict)	/* of last_spawn */				\
	ROW(S, STATE, state)								\
	ROW(S, INT, pid)		/* 0 = none */					\
	ROW(S, BOOL, killing)		/* it was signalled to stop */			\
	ROW(S, BOOL, renewing)		/* its exit is followed by an automatic start */\
	/* Monotonic time at which it was reaped, while others of its processes are	\
	 * being killed, or -1. */							\
	ROW(S, I64, ended_ms)								\
	ROW(S, I64, started_ms)		/* monotonic time of the last spawn attempt */	\
	ROW(S, I64, deadline_ms)	/* last argument of `arm`, or -1 */		\
	/* Monotonic time of the end of startsecs, a retry, a restart or SIGKILL, or -1.\
	 */										\
	ROW(S, I64, due_ms)								\
	ROW(S, I64, report_ms)		/* next "waiting for NAME to stop", or -1 */	\
	ROW(S, I64, start)		/* epoch seconds, 0 = never */			\
	ROW(S, I64, stop)								\
	ROW(S, I64, backoff)		/* failed attempts in a row */			\
	ROW(S, BOOL, has_exitstatus)							\
	ROW(S, INT, exitstatus)		/* -1 = by a signal */				\
	ROW(S, INT, last_status)	/* of the last end, at `stop`: -1 = by a signal */\
	ROW(S, INT, last_signal)	/* that signal, else 0 */			\
	ROW(S, INT, last_reason)	/* enum exit_reason; set before process_reaped */\
	ROW(S, U64, restarts)		/* automatic starts after the first start */	\
	ROW(S, TEXT, spawnerr)								\
	/* Why the last attempt executed no program, in more detail than spawnerr. */	\
	ROW(S, TEXT, failure)								\
	ROW(S, BOOL, respawning)	/* enqueued for an automatic start */		\
	ROW(S, BOOL, autostart_cancelled) /* by a stop, before its first start */	\
	ROW(S, U64, first_start_job)	/* start jobs with a lower number are cancelled */\
	/* Monotonic time of a listener's last rejection of an event; -1 = none. */	\
	ROW(S, I64, rejected_ms)							\
	ROW(S, U64, stdout_bytes)	/* written to its logs */			\
	ROW(S, U64, stderr_bytes)							\
	/* Exit status of its last end as in a shell: 128 + signal, 127 = not spawned. */\
	ROW(S, INT, ending)

struct process {
	TAILQ_ENTRY(process) in_group;
	struct group *group;                 /* borrowed */
	const struct process_config *config; /* borrowed from the group's config */
	const struct process_ops *ops;       /* borrowed */
	void *ops_ctx;                       /* borrowed: the master */
	struct child *child;                 /* pipes, logs, timer; belongs to child/ */
	void *kind_state;                    /* belongs to its group's ops */
	void *published;                     /* its entry in the state stream */
	struct FIELDS(PROCESS_FIELDS);
};

/* New, STOPPED; NULL with ENOMEM. */
struct process *process_new(uint64_t id, struct group *, const struct process_config *,
    const struct process_ops *, void *ops_ctx);
void process_free(struct process *);

/* A start by a command; the caller has checked the program (child_check_command). Returns
 * FAULT_NONE with *spawn = the new spawn number, or 0 when nothing was spawned because the
 * process is STOPPING; or ALREADY_STARTED, FAILED (*detail new), SPAWN_ERROR or
 * SHUTDOWN_STATE. */
enum fault process_start(struct process *, uint64_t *spawn, char **detail);
/* A stop by a command. FAULT_NONE, NOT_RUNNING, or FAILED with *detail new (detail may be
 * NULL). Logs "waiting for NAME to stop" every two seconds until it has stopped. For a
 * process that does not run, cancels an automatic start. */
enum fault process_stop(struct process *, char **detail);
/* A stop during shutdown: as process_stop, but BACKOFF becomes FATAL. */
void process_shutdown(struct process *);
/* FAULT_NONE, NOT_RUNNING, or FAILED with *detail new. */
enum fault process_signal(struct process *, int signo, char **detail);
/* Enqueues the first automatic start, if autostart is set, it was never started, and the
 * daemon is not stopping. */
void process_autostart(struct process *);
/* Cancels the automatic start that is pending and logs it; false when none was pending. */
bool process_cancel_start(struct process *);
/* Stops it and starts it again when it has exited; false when it does not run. */
bool process_renew(struct process *);
/* It has come to the head of the restart queue. */
void process_respawn(struct process *);
/* Its timer has fired. */
void process_timeout(struct process *);
/* It was reaped, but process_reaped follows only when others of its processes have been
 * killed. Its pid is no longer its own: `kill` must fail with ESRCH. */
void process_ending(struct process *);
/* A process that an earlier daemon has started. */
struct process_past {
	pid_t pid;
	uint64_t spawn, restarts;
	int64_t start; /* epoch seconds */
};
/* It runs already: a process that was never started enters RUNNING. */
void process_take_over(struct process *, const struct process_past *);
/* It was reaped with this wait status, and its output has been read. Logs its end. */
void process_reaped(struct process *, int wait_status);
/* Fills a row; strings are new. The caller passes the paths of the logs, "" = none. 0, or
 * -1 with ENOMEM. */
NODISCARD int process_info_of(const struct process *, const char *stdout_log,
    const char *stderr_log, struct process_info *);

/* Sets why the present spawn executes no program: in ops->spawn, or before
 * process_reaped. */
static inline void
process_explain(struct process *p, char *failure_take)
{
	free(p->failure);
	p->failure = failure_take;
}

/* Whether it is stopped and an automatic start is queued or due later. In BACKOFF it counts
 * as running. */
static inline bool
process_start_is_pending(const struct process *p)
{
	return process_state_is_stopped(p->state) && (p->respawning || p->due_ms != -1);
}

/* Called before process_reaped for a process that has exited by itself: it is to be started
 * again, whatever its autorestart. */
static inline void
process_renew_ended(struct process *p)
{
	p->renewing = p->state == PROCESS_STARTING || p->state == PROCESS_RUNNING;
}

/* The wall clock was set forward by so many seconds, or back: its times become what they
 * would be if the clock had always been right. */
void process_clock_was_set(struct process *, int64_t seconds);

/* Cancels the start that would follow process_renew. */
static inline void
process_stay(struct process *p)
{
	p->renewing = false;
}

#endif
