/* Launch: the actions of the state table that bring a process up, and those
 * that give it up (reference 3.3, first half). */
#ifndef MASTER_LAUNCH_H
#define MASTER_LAUNCH_H

#include "master/transition.h"

/* Spawns: STARTING, and at once RUNNING when startsecs is 0, or BACKOFF, or FATAL. */
transition_fn launch_spawn;
/* As launch_spawn, for a process that was never spawned. */
transition_fn launch_first;
/* Enqueues the first automatic start. */
transition_fn launch_auto;
/* Enqueues the next attempt. */
transition_fn launch_retry;
/* startsecs are over: RUNNING. */
transition_fn launch_up;
/* A group's stop during shutdown: BACKOFF becomes FATAL. */
transition_fn launch_drop;

/* RUNNING, with its verdict and no line. */
void launch_run(struct process *);
/* One more failed attempt: BACKOFF, and FATAL when it was the last. */
void launch_back_off(struct process *);

#endif
