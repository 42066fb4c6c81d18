/* Exit: the actions of the state table when a process has been reaped; its wait status is
 * request->number. */
#ifndef MASTER_PROCESS_EXIT_H
#define MASTER_PROCESS_EXIT_H

#include "master/process/transition.h"

transition_fn exit_early;   /* STARTING: a failed start, unless startsecs are over */
transition_fn exit_itself;  /* RUNNING → EXITED; autorestart decides what follows */
transition_fn exit_stopped; /* STOPPING → STOPPED */
transition_fn exit_lost;    /* UNKNOWN stays UNKNOWN, without a pid */

#endif
