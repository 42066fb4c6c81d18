/* Stop: the actions of the state table that signal and stop a process. */
#ifndef MASTER_PROCESS_STOP_H
#define MASTER_PROCESS_STOP_H

#include "master/process/transition.h"

transition_fn stop_begin;    /* STOPPING by a command, which is logged */
transition_fn stop_shutdown; /* STOPPING by a shutdown */
transition_fn stop_backoff;  /* BACKOFF → STOPPED, without a signal */
transition_fn stop_signal;   /* sends the signal request->number to the pid */
transition_fn stop_kill;     /* STOPPING takes too long: SIGKILL */

/* Logs "waiting for NAME to stop" and sets the time of the next such line. */
void stop_report(struct process *);

#endif
