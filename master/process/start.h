/* Start: the actions of the state table that bring a process up. */
#ifndef MASTER_PROCESS_START_H
#define MASTER_PROCESS_START_H

#include "master/process/transition.h"

/* Spawns: STARTING, and at once RUNNING when startsecs is 0, or BACKOFF, or FATAL. */
transition_fn start_spawn;
/* The same for an automatic start, which counts as a restart unless it is the first. */
transition_fn start_respawn;
/* Enqueues the first automatic start. */
transition_fn start_auto;
/* Enqueues the next attempt, or the restart that was due. */
transition_fn start_retry;
/* startsecs are over: RUNNING. */
transition_fn start_up;

/* RUNNING, with its verdict and no line. */
void start_run(struct process *);

#endif
