/* Backoff: after a failed start, waits for the next attempt, or gives up (FATAL). */
#ifndef MASTER_PROCESS_BACKOFF_H
#define MASTER_PROCESS_BACKOFF_H

#include "master/process/transition.h"

/* A start has failed: BACKOFF, or FATAL when it was the last attempt. */
void backoff_begin(struct process *);
/* A stop during shutdown: BACKOFF → FATAL. */
transition_fn backoff_give_up;

#endif
