/* Transition: changes the state, the timer, the verdict and the place in the restart queue
 * of a process, for the actions of the state table. */
#ifndef MASTER_PROCESS_TRANSITION_H
#define MASTER_PROCESS_TRANSITION_H

#include "master/process/process.h"

/* Parameters and result of an event. */
struct request {
	int number;   /* the signal, or the wait status */
	char *detail; /* result, new: the text after "FAILED: " */
};

/* An action of the state table. */
typedef enum fault transition_fn(struct process *, struct request *);

/* Enters a state, whose time is over at due_ms (-1 = never), and calls ops->changed. */
void transition_to(struct process *, enum process_state to, int64_t due_ms);
/* Arms the timer for the earlier of due_ms and report_ms. */
void transition_arm(struct process *);
/* from_ms plus the seconds, which are limited to 0 and about 126 years. */
int64_t transition_after(int64_t from_ms, int64_t seconds);
/* Sets the verdict of the current spawn, unless it has one. */
void transition_verdict(struct process *, enum verdict);
void transition_enqueue(struct process *);

static inline void
transition_spawnerr(struct process *p, char *text_take)
{
	free(p->spawnerr);
	p->spawnerr = text_take;
}

/* The process has ended, and no automatic start follows: ends the daemon if its options say
 * so. */
static inline void
transition_ended(struct process *p, bool failed)
{
	if (p->config->is_main || (failed && p->config->exit_on_fatal))
		p->ops->essential_ended(p);
}

#endif
