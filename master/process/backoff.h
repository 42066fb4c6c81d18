/* Backoff: what follows a start that has failed: the pause until the next attempt, or
 * FATAL. */
#ifndef MASTER_PROCESS_BACKOFF_H
#define MASTER_PROCESS_BACKOFF_H

#include "master/process/transition.h"

/* One more failed attempt: BACKOFF, and FATAL when it was the last. */
void backoff_begin(struct process *);
/* A group's stop during shutdown: BACKOFF becomes FATAL. */
transition_fn backoff_give_up;

#endif
