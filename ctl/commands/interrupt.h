/* Interrupt: Ctrl-C as something to poll for, while a command that has no end runs: it
 * ends the command, not the program. Where SIGINT is ignored from the start on, as in a
 * shell script's background job, it stays ignored. */
#ifndef CTL_INTERRUPT_H
#define CTL_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

struct interrupt {
	int fd;			/* readable once it came */
	sigset_t before;
};

/* Ask before blocking: a blocked signal is queued even where it is ignored. */
bool interrupt_is_ignored(int signo);
void interrupt_begin(struct interrupt *);
void interrupt_end(struct interrupt *);

#endif
