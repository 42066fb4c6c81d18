/* Child impl: the struct behind child.h, for the files of this folder and for the state
 * document. */
#ifndef MASTER_CHILD_CHILD_IMPL_H
#define MASTER_CHILD_CHILD_IMPL_H

#include "common/loglimit.h"
#include "master/child/child.h"
#include "master/child/output.h"
#include "master/child/printer.h"
#include "master/child/stdin_queue.h"
#include "master/event/listener_protocol.h"

#include <stdbool.h>

struct child {
	const struct child_context *context;
	struct source *timer;
	struct output *outputs[OUTPUT_MAX];
	struct stdin_queue *input;
	bool uses_socket; /* of its group: fcgi_socket_take was called */
	/* Of an event listener, while it has pipes. */
	struct listener_protocol *listener;
	struct printer *printer;         /* of RESULT_PRINTED */
	struct logfile *print_log;       /* … our stdout; NULL = it is closed */
	struct pool_event unanswered;    /* what it was given, from its exit on */
	char *autologs[OUTPUT_MAX];      /* paths of AUTO files */
	struct listener_limits protocol; /* lines on its results … */
	struct log_limit unprinted;      /* … that they cannot be printed */
	struct log_limit uncleared;      /* … that its logs cannot be cleared */
	struct log_limit unspawned;      /* … why no program was made of a spawn, */
	char *explained;                 /* as it was logged; NULL = nothing was */
};

/* Closes our ends of the pipes and the logs. */
void child_close_pipes(struct process *);
/* reap_fn of a process: drains its output, closes, and informs the state table. */
void child_reaped(void *process, pid_t, int wait_status);
/* How much may be queued for its standard input; 0 = no bound. */
size_t child_stdin_max(const struct process *);
/* Makes the events of an output, or what its group's ops make, out of what the child
 * writes. 0, or -1 with ENOMEM. */
NODISCARD int child_listen(struct process *, enum output_id);
/* Logs why the spawn under way makes no program, and keeps it in the process's row. */
void child_explain(struct process *, char *failure_take);
/* The same of a child that ended with status 127, from its own report if it left one. */
void child_explain_end(struct process *, pid_t);
/* PATH for the command: the program's, else ours, else NULL. */
const char *child_search_path(const struct process *);
/* Makes an output: takes the read end and the log (NULL = none). A hidden one is not copied
 * to the main log. 0; or -1 with errno, and nothing is taken. */
NODISCARD int child_add_output(
    struct process *, enum output_id, int fd, struct logfile *log, bool hidden);
/* Opens the output's log file; *log NULL when it has none. 0, or -1 with errno. */
NODISCARD int child_open_log(const struct process *, enum output_id, struct logfile **log);

#endif
