/* Autorestart: decides whether a process that has ended by itself is started again, and
 * when. */
#ifndef MASTER_PROCESS_AUTORESTART_H
#define MASTER_PROCESS_AUTORESTART_H

#include "master/process/process.h"

/* Whether the exit status that the process has is one of its exitcodes. */
bool autorestart_exit_is_expected(const struct process *);
/* It is EXITED: an automatic start, or perhaps the end of the daemon (exit_on_fatal). */
void autorestart_decide(struct process *);
/* An automatic start after an end: enqueued, or due one second after the last start. */
void autorestart_begin(struct process *);

#endif
