/* Exit: the actions of the state table that follow from the end of a process, which was
 * reaped with the wait status request->number. */
#ifndef MASTER_PROCESS_EXIT_H
#define MASTER_PROCESS_EXIT_H

#include "master/process/transition.h"

transition_fn exit_early;   /* STARTING: a failed start, unless startsecs are over */
transition_fn exit_itself;  /* RUNNING → EXITED, perhaps with an automatic start */
transition_fn exit_stopped; /* STOPPING → STOPPED */
transition_fn exit_lost;    /* UNKNOWN stays, without a pid */

#endif
