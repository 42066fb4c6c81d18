/* Transition: what the actions of the state table are made of: the one place that changes a
 * state, the timer, the verdict, and the restart queue. */
#ifndef MASTER_PROCESS_TRANSITION_H
#define MASTER_PROCESS_TRANSITION_H

#include "master/process/process.h"

/* What an event brings and takes away. */
struct request {
	int number;   /* the signal, or the wait status */
	char *detail; /* new: the text after "FAILED: " */
};

/* An action of the state table. */
typedef enum fault transition_fn(struct process *, struct request *);

/* Enters a state in which something is due at due_ms (-1 = nothing); calls `changed`. */
void transition_to(struct process *, enum process_state to, int64_t due_ms);
/* Arms the timer for the earlier of due_ms and report_ms, if that is new. */
void transition_arm(struct process *);
/* from_ms and so many seconds; negative ones count as none, huge ones as a century. */
int64_t transition_after(int64_t from_ms, int64_t seconds);
/* The verdict of the current spawn, unless it has one already. */
void transition_verdict(struct process *, enum verdict);
void transition_enqueue(struct process *);

static inline void
transition_spawnerr(struct process *p, char *text_take)
{
	free(p->spawnerr);
	p->spawnerr = text_take;
}

/* It is FATAL, or ended unexpectedly, and no start will follow by itself. */
static inline void
transition_failed(struct process *p)
{
	if (p->config->exit_on_fatal)
		p->ops->essential_failed(p);
}

#endif
