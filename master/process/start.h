/* Launch: the actions of the state table that bring a process up, and those
 * that give it up (reference 3.3, first half). */
#ifndef MASTER_PROCESS_START_H
#define MASTER_PROCESS_START_H

#include "master/process/transition.h"

/* Spawns: STARTING, and at once RUNNING when startsecs is 0, or BACKOFF, or FATAL. */
transition_fn launch_spawn;
/* Enqueues the first automatic start. */
transition_fn launch_auto;
/* Enqueues the next attempt, or the restart that was due. */
transition_fn launch_retry;
/* startsecs are over: RUNNING. */
transition_fn launch_up;
/* A group's stop during shutdown: BACKOFF becomes FATAL. */
transition_fn launch_drop;

/* An automatic start after an end: enqueued, or due one second after the last start. */
void launch_again(struct process *);
/* RUNNING, with its verdict and no line. */
void launch_run(struct process *);
/* One more failed attempt: BACKOFF, and FATAL when it was the last. */
void launch_back_off(struct process *);

#endif
