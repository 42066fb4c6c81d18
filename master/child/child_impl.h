/* Child impl: the struct behind child.h, for the files of this folder and for the state
 * document. */
#ifndef MASTER_CHILD_CHILD_IMPL_H
#define MASTER_CHILD_CHILD_IMPL_H

#include "common/fields.h"
#include "common/loglimit.h"
#include "master/child/child.h"
#include "master/child/output.h"
#include "master/child/stdin_queue.h"

#include <stdbool.h>

/* The members that the state document has. */
#define CHILD_FIELDS(ROW, S)								\
	ROW(S, TEXT, mark)	/* of this spawn in its environment; NULL = none */	\
	ROW(S, TEXT, cgroup)	/* directory of its control group; NULL = none yet */	\
	ROW(S, BOOL, killed)	/* processes in that group, by cgroup.kill */		\
	ROW(S, I64, oom_kills)	/* at the start, in that group; -1 = not counted */	\
	ROW(S, I64, cpu_us)	/* that the group had used at the start; -1 = unknown */\
	ROW(S, INT, wait_status) /* while process->ended_ms is set */			\
	/* Ticks from the boot of the machine: before and after its spawn. */		\
	ROW(S, I64, born_first)								\
	ROW(S, I64, born_last)								\
	ROW(S, FD, pidfd)	/* of a process that was taken over; -1 = our child */

struct cgroup_end;
struct tree;

struct child {
	const struct child_context *context;
	struct source *timer;
	struct output *outputs[OUTPUT_MAX];
	struct stdin_queue *input;
	char *autologs[OUTPUT_MAX]; /* paths of AUTO log files */
	char *explained;            /* why the last spawn failed; NULL = none has */
	struct log_limit unspawned; /* lines with that reason */
	struct log_limit uncleared; /* log lines about logs that cannot be cleared */
	/* While others of its processes are looked for or killed; else NULL. */
	struct tree *tree;
	struct cgroup_end *cgroup_end;
	struct FIELDS(CHILD_FIELDS);
};

/* Opens its control group, with its limits, if it is to have one: a descriptor, 0 = none,
 * or -1 with *why new. */
NODISCARD int child_open_cgroup(struct process *, char **why);
/* Whether the kernel has killed a process of its control group since the start. */
enum exit_reason child_exit_reason(const struct process *);
/* What the processes in its control group have used since the start, and use; -1 =
 * unknown. False if it has no control group. */
bool child_cgroup_usage(const struct process *, int64_t *cpu_ms, int64_t *memory);
/* Closes our ends of the pipes, and the logs. */
void child_close_pipes(struct process *);
/* reap_fn of a process: kills what it has left, and then calls child_ended. */
void child_reaped(void *process, pid_t, int wait_status);
/* It has ended, and so have the processes that end with it: reads the rest of its output
 * and passes the exit to the state table. */
void child_ended(struct process *, int wait_status);
/* Sends a signal: to the pid, or to the group -pid. 0, or -1 with errno. */
int child_signal(const struct process *, pid_t target, int signo);
void child_close_pidfd(struct child *);
/* The bound of its stdin queue in bytes; 0 = none. */
size_t child_stdin_max(const struct process *);
/* Makes events of an output, as configured, or passes it to the ops of its group. 0, or -1
 * with ENOMEM. */
NODISCARD int child_listen(struct process *, enum output_id);
/* Logs why the command did not become a program, and stores that in the process's row. */
void child_explain(struct process *, char *failure_take);
/* The same for a child that exited with status 127, if it left a report. */
void child_explain_end(struct process *, pid_t);
/* Creates an output; takes the read end and the log (NULL = none). A hidden one is not
 * copied to the main log. 0; or -1 with errno, and nothing is taken. */
NODISCARD int child_add_output(
    struct process *, enum output_id, int fd, struct logfile *log, bool hidden);
/* Opens the log file of an output; *log is not set when it has none. fd (taken): as for
 * logfile_adopt, -1 = none. 0, or -1 with errno. */
NODISCARD int child_open_log(
    const struct process *, enum output_id, int fd_take, struct logfile **log);

#endif
