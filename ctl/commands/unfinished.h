/* Unfinished: a part of a command that leaves processes in an odd state when it is cut off,
 * as between a stop and its start. Meanwhile a signal that ends reevectl is answered with
 * what is left undone, and a hang-up is ignored. */
#ifndef CTL_UNFINISHED_H
#define CTL_UNFINISHED_H

#include <signal.h>
#include <stdbool.h>

#define UNFINISHED_SIGNALS 4

struct unfinished {
	struct sigaction before[UNFINISHED_SIGNALS];
	char *text;		/* owned */
};

/* The text (taken) is one line without its end. `alone`: nobody else carries the command
 * on, so that SIGHUP is ignored until the end. One at a time. */
void unfinished_begin(struct unfinished *, char *text, bool alone);
void unfinished_end(struct unfinished *);

#endif
