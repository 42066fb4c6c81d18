/* Child: what a process has while it runs: pipes, logs, stdin queue and timer. */
#ifndef MASTER_CHILD_CHILD_H
#define MASTER_CHILD_CHILD_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/child/reaper.h"
#include "master/config/config.h"
#include "master/process/process.h"
#include "proto/fault.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

struct backlogs;
struct cgroups;
struct dispatcher;
struct syslogger;

/* Shared by all children of a run. Borrowed, as is its content, for the life of each. */
struct child_context {
	struct loop *loop;
	struct reaper *reaper;
	const struct config *config;
	const struct rlimit *nofile; /* the children's limit on open files */
	struct syslogger *syslog;
	struct backlogs *backlogs;
	struct dispatcher *dispatcher;
	struct cgroups *cgroups; /* NULL = programs can have none */
	bool resumes;            /* the state document names AUTO logs that exist already */
};

/* What identifies the process of a spawn and its pipes after the end of the daemon. */
struct child_origin {
	int64_t born_first, born_last; /* its start in ticks is between these */
	uint64_t stdin_pipe, output_pipes[OUTPUT_MAX]; /* inode numbers; 0 = no pipe */
	char *mark;   /* of its environment; this and the next: borrowed, NULL = none */
	char *cgroup; /* directory of its control group */
	/* Our ends of the pipes, borrowed; to be taken over: those that were stored. */
	int stdin_fd, output_fds[OUTPUT_MAX];
};

/* Prepares a new process for its starts: timer, AUTO log files. 0, or -1 with errno. */
NODISCARD int child_attach(const struct child_context *, struct process *);
/* Frees that; AUTO log files are not removed. */
void child_detach(struct process *);

/* The functions of process_ops, for attached processes. */
pid_t child_spawn(struct process *, char **why);
int child_kill(struct process *, pid_t target, int signo);
void child_arm(struct process *, int64_t deadline_ms);

/* The path of a log, or "" when there is none; borrowed. */
const char *child_log_path(const struct process *, enum output_id);
/* Resolves the command as a start does. FAULT_NONE; or NO_FILE or NOT_EXECUTABLE with *why
 * new. */
NODISCARD enum fault child_check_command(struct process *, char **why);
/* sendProcessStdin: FAULT_NONE, NOT_RUNNING, NO_FILE (the child has closed it), or FAILED
 * with *why new (the queue is full). */
NODISCARD enum fault child_write_stdin(
    struct process *, const char *bytes, size_t n, char **why);
/* clearProcessLogs: replaces the logs of a running process with empty files. FAULT_NONE or
 * FAILED. */
NODISCARD enum fault child_clear_logs(struct process *);
/* Of a process that runs. */
void child_origin(const struct process *, struct child_origin *);
/* Takes over a process that an earlier daemon has spawned: takes the pidfd and the pipes
 * that were stored, and opens other pipes again. 0, or -1 with errno, and nothing is
 * taken. */
NODISCARD int child_take_over(
    struct process *, pid_t, int pidfd, const struct child_origin *);
/* USR2: reopens the logs of a running process. */
void child_reopen_logs(struct process *);

#endif
