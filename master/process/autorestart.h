/* Autorestart: decides whether and when a process that has exited by itself is started
 * again. */
#ifndef MASTER_PROCESS_AUTORESTART_H
#define MASTER_PROCESS_AUTORESTART_H

#include "master/process/process.h"

/* Whether the process's exit status is one of its exitcodes. */
bool autorestart_exit_is_expected(const struct process *);
/* The process is EXITED: begins an automatic start, or ends the daemon (main,
 * exit_on_fatal). */
void autorestart_decide(struct process *);
/* Begins an automatic start: now, or one second after the last start if that is later. */
void autorestart_begin(struct process *);

#endif
