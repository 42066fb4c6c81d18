/* Child: what a process has while it lives: its pipes, logs, stdin queue and timer. */
#ifndef MASTER_CHILD_CHILD_H
#define MASTER_CHILD_CHILD_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/child/reaper.h"
#include "master/config/config.h"
#include "master/process/process.h"
#include "proto/fault.h"

#include <stdbool.h>
#include <sys/resource.h>

struct backlogs;
struct dispatcher;
struct syslogger;

/* What the children of one run share; borrowed, also the context, for the life of each. */
struct child_context {
	struct loop *loop;
	struct reaper *reaper;
	const struct config *config;
	const struct rlimit *nofile; /* of children */
	struct syslogger *syslog;
	struct backlogs *backlogs;
	struct dispatcher *dispatcher;
	bool resumes; /* AUTO logs exist: their names are in the state document */
};

/* Gives a new process what it needs to live: timer, AUTO log files. 0, or -1 with errno. */
NODISCARD int child_attach(const struct child_context *, struct process *);
/* Frees it; AUTO log files stay on disk. */
void child_detach(struct process *);

/* process_ops of these names, for processes with a child_context. */
pid_t child_spawn(struct process *, char **why);
int child_kill(struct process *, pid_t target, int signo);
void child_arm(struct process *, int64_t deadline_ms);

/* Path of a log, "" when there is none; borrowed. */
const char *child_log_path(const struct process *, enum output_id);
/* Resolves the command as a start would. FAULT_NONE, NO_FILE or NOT_EXECUTABLE with *why
 * new. */
NODISCARD enum fault child_check_command(struct process *, char **why);
/* sendProcessStdin: FAULT_NONE, NOT_RUNNING, NO_FILE (closed by the child) or FAILED (the
 * queue is full) with *why new. */
NODISCARD enum fault child_write_stdin(
    struct process *, const char *bytes, size_t n, char **why);
/* clearProcessLogs: removes and reopens the logs of a live process; a stopped one is left
 * alone. FAULT_NONE or FAILED. */
NODISCARD enum fault child_clear_logs(struct process *);
/* USR2: opens the logs of a live process again. */
void child_reopen_logs(struct process *);

#endif
