/* Waitstatus: the text of a wait status, as supervisord writes it. */
#ifndef MASTER_PROCESS_WAITSTATUS_H
#define MASTER_PROCESS_WAITSTATUS_H

#define WAITSTATUS_TEXT 64 /* size of the buffer */
/* Instead of a wait status: the process has ended, and its parent did not tell how. It is
 * neither an exit nor an end by a signal, so the exit status is -1. */
#define WAITSTATUS_UNKNOWN 0x7f

/* "exit status 3", "terminated by SIGSEGV (core dumped)", written to buf. */
const char *waitstatus_text(int wait_status, char buf[WAITSTATUS_TEXT]);

#endif
