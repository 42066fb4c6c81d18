/* Interrupt: handles signals while a command runs. Ctrl-C ends a command that would run for
 * ever, but not the shell. SIGINT stays ignored if it is ignored at start, as in a
 * background job of a shell script. A command that must not be interrupted unnoticed, for
 * example between a stop and its start, prints a notice when a signal ends the program. */
#ifndef CTL_TERMINAL_INTERRUPT_H
#define CTL_TERMINAL_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#define INTERRUPT_SIGNALS 4

/* The signals that end the program. */
extern const int interrupt_signals[INTERRUPT_SIGNALS];

struct interrupt {
	int fd; /* readable after Ctrl-C */
	sigset_t before;
};

struct interrupt_notice {
	struct sigaction before[INTERRUPT_SIGNALS];
	char *text; /* owned */
};

/* Call it before blocking the signal: a blocked signal is queued even if it is ignored. */
bool interrupt_is_ignored(int signo);
void interrupt_begin(struct interrupt *);
void interrupt_end(struct interrupt *);
/* Waits for input on fd (-1 = none) or the timeout; false if the command must end, because
 * of Ctrl-C or because the reader of `out` is gone. */
bool interrupt_wait(const struct interrupt *, FILE *out, int fd, int timeout_ms);

/* From now until interrupt_notice_end, a signal that ends the program prints the text (one
 * line without newline, taken) first. `alone`: the daemon does not complete the command by
 * itself; SIGHUP is ignored. Only one notice at a time. */
void interrupt_notice_begin(struct interrupt_notice *, char *text, bool alone);
void interrupt_notice_end(struct interrupt_notice *);

#endif
