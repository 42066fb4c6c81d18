/* Interrupt: signals that come while a command runs. Ctrl-C ends a command that has no end,
 * not the program. Where SIGINT is ignored from the start on, as in a shell script's
 * background job, it stays ignored. A command that leaves processes in an odd state when it
 * is cut off, as between a stop and its start, reports that on a signal. */
#ifndef CTL_INTERRUPT_H
#define CTL_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#define INTERRUPT_SIGNALS 4

/* The signals that end the program. */
extern const int interrupt_signals[INTERRUPT_SIGNALS];

struct interrupt {
	int fd; /* readable once Ctrl-C was pressed */
	sigset_t before;
};

struct interrupt_notice {
	struct sigaction before[INTERRUPT_SIGNALS];
	char *text; /* owned */
};

/* Call it before blocking: a blocked signal is queued even where it is ignored. */
bool interrupt_is_ignored(int signo);
void interrupt_begin(struct interrupt *);
void interrupt_end(struct interrupt *);
/* Waits for input on fd (-1 = none) or for the time; false when the command is to end, by
 * Ctrl-C or because the reader of `out` has gone. */
bool interrupt_wait(const struct interrupt *, FILE *out, int fd, int timeout_ms);

/* Until the end a signal that ends the program first prints the text (taken), one line
 * without its end. `alone`: the daemon does not finish the command by itself, so that
 * SIGHUP is ignored. One at a time. */
void interrupt_notice_begin(struct interrupt_notice *, char *text, bool alone);
void interrupt_notice_end(struct interrupt_notice *);

#endif
