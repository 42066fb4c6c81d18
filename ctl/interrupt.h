/* Interrupt: Ctrl-C as something to poll for, while a command that has no end runs: it
 * ends the command, not the program. */
#ifndef CTL_INTERRUPT_H
#define CTL_INTERRUPT_H

#include <signal.h>

struct interrupt {
	int fd;			/* readable once it came */
	sigset_t before;
};

void interrupt_begin(struct interrupt *);
void interrupt_end(struct interrupt *);

#endif
