/* Runtime impl: the struct behind master/runtime.h, for its own rooms. */
#ifndef MASTER_CHILD_CHILD_IMPL_H
#define MASTER_CHILD_CHILD_IMPL_H

#include "common/loglimit.h"
#include "common/loop.h"
#include "master/child/output.h"
#include "master/child/printer.h"
#include "master/child/stdin_queue.h"
#include "master/event/listener_protocol.h"
#include "master/master.h"
#include "master/process/process.h"

#include <stdbool.h>
#include <sys/types.h>

struct child {
	struct source *timer;
	struct output *outputs[OUTPUT_MAX];
	struct stdin_queue *input;
	bool uses_socket;		/* of its group: fcgi_socket_take was called */
	struct listener *listener;	/* of a pool's process while it has pipes */
	struct printer *printer;	/* of RESULT_PRINTED, with the listener; or NULL */
	struct logfile *print_log;	/* … our stdout; NULL = it is closed */
	int front_end_fd;	/* of an interface: for reeve-rpcd, until it is told; -1 */
	struct connection *asker; /* of an interface: its connection to us; NULL = closed */
	bool renewing;		/* of an interface: stopped only to be started again */
	char *autologs[OUTPUT_MAX];	/* paths of AUTO files */
	struct log_limit unspawned;	/* why no program was made of a spawn … */
	struct listener_limits protocol; /* lines on its results … */
	struct log_limit unprinted;	/* … that they cannot be printed */
	struct log_limit uncleared;	/* … that its logs cannot be cleared */
	struct log_limit renewals;	/* … that it is restarted for a new reeve-rpcd */
	char *told;			/* … as it was logged; NULL = nothing was */
};

/* "stdout", "stderr". */
extern const char *const child_channel_words[OUTPUT_MAX];

struct master *child_master(const struct process *);
/* Closes our ends of the pipes and the logs. */
void child_close_pipes(struct process *);
/* reap_fn of a process: drains its output, closes, and tells the state table. */
void child_reaped(void *process, pid_t, int wait_status);
/* process_ops.spawn (child_spawn.c). */
pid_t child_spawn(struct process *, char **why);
/* How much may be queued for its standard input: an event is bounded by who makes it. */
size_t child_input_most(const struct process *);
/* Makes the events of a new channel, or the listener's protocol, out of what the child
 * writes (child_events.c). 0, or -1 with ENOMEM. */
NODISCARD int child_listen(struct process *, enum output_id);
/* Logs why the spawn under way makes no program, and keeps it in the process's row. */
void child_explain(struct process *, char *failure_take);
/* The same of a child that ended with status 127, from its own report if it left one. */
void child_explain_end(struct process *, pid_t);
/* PATH for the command: the program's, else ours, else NULL. */
const char *child_search_path(const struct process *);
/* Makes the channel of an output: takes the read end and the log (NULL = none). A hidden
 * one is not copied to the main log. 0; or -1 with errno, and nothing is taken. */
NODISCARD int child_add_channel(
    struct process *, enum output_id, int fd, struct logfile *log, bool hidden);
/* Opens the channel's log file; *log NULL when it has none. 0, or -1 with errno. */
NODISCARD int child_open_log(
    const struct process *, enum output_id, struct logfile **log);

#endif
