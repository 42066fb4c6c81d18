/* Start: the actions of the state table that start a process. */
#ifndef MASTER_PROCESS_START_H
#define MASTER_PROCESS_START_H

#include "master/process/transition.h"

/* Spawns: STARTING, or RUNNING if startsecs is 0; BACKOFF or FATAL if that fails. */
transition_fn start_spawn;
/* The same for an automatic start, which counts as a restart except the first time. */
transition_fn start_respawn;
/* Enqueues the first automatic start. */
transition_fn start_auto;
/* The next attempt, or a restart, is due: enqueues it. */
transition_fn start_retry;
/* startsecs are over: RUNNING. */
transition_fn start_up;

/* Enters RUNNING without a line in the log. */
void start_run(struct process *);

#endif
