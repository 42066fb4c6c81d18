/* Waitstatus: what waitpid said, in supervisord's number and words. */
#ifndef MASTER_PROCESS_WAITSTATUS_H
#define MASTER_PROCESS_WAITSTATUS_H

#include <stddef.h>

#define WAITSTATUS_TEXT 64	/* bytes that hold every text */

/* The exit code, or -1 when it did not exit by itself. */
int waitstatus_code(int wait_status);
/* The signal that ended it, or 0. */
int waitstatus_signal(int wait_status);
/* The exit code, or 128 and the number of the signal: the status that a shell shows. */
int waitstatus_shell(int wait_status);
/* "exit status 3", "terminated by SIGSEGV (core dumped)", written to buf. */
const char *waitstatus_text(int wait_status, char buf[WAITSTATUS_TEXT]);

#endif
