/* Waitstatus: the text of a wait status, as supervisord writes it. */
#ifndef MASTER_PROCESS_WAITSTATUS_H
#define MASTER_PROCESS_WAITSTATUS_H

#define WAITSTATUS_TEXT 64 /* size of the buffer */

/* "exit status 3", "terminated by SIGSEGV (core dumped)", written to buf. */
const char *waitstatus_text(int wait_status, char buf[WAITSTATUS_TEXT]);

#endif
