/* Stop: the actions of the state table that signal and stop a process. */
#ifndef MASTER_PROCESS_STOP_H
#define MASTER_PROCESS_STOP_H

#include "master/process/transition.h"

transition_fn stop_begin;        /* STOPPING by the stop RPC, with its report line */
transition_fn stop_shutdown;     /* STOPPING by shutdown */
transition_fn stop_stop_waiting; /* BACKOFF → STOPPED, nothing to signal */
transition_fn stop_signal;       /* sends request->number to the pid */
transition_fn stop_kill;         /* STOPPING took too long: SIGKILL */

/* Logs "waiting for NAME to stop" and sets when it is due again. */
void stop_report(struct process *);

#endif
