/* Show: what reevectl prints, supervisorctl's texts to the byte, and the exit
 * codes that go with them (reference 8.2, 8.4). */
#ifndef CTL_SHOW_H
#define CTL_SHOW_H

#include "common/compiler.h"
#include "proto/fault.h"
#include "proto/state.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum show_action { SHOW_START, SHOW_STOP, SHOW_SIGNAL, SHOW_ACTION_MAX };

enum exit_code {
	EXIT_OK = 0,
	EXIT_GENERIC = 1,
	EXIT_INVALID_ARGS = 2,
	EXIT_SOME_NOT_RUNNING = 3,	/* status */
	EXIT_UNKNOWN = 4,		/* status */
	EXIT_NO_PRIVILEGE = 4,
	EXIT_NOT_RUNNING = 7,
};

/* The table of processes, columns as wide as the longest name. */
void show_status(FILE *, const struct process_info *const *rows, size_t n, int64_t now);
/* The daemon's own state, when it is not RUNNING. */
void show_daemon(FILE *, const struct daemon_info *);
/* One process's outcome. False and nothing printed: supervisorctl knows no words for this
 * fault here, and show_fault is due. */
NODISCARD bool show_outcome(FILE *, enum show_action, const char *group, const char *name,
    enum fault, const char *text);
/* The line for a fault that ends a command. */
void show_fault(FILE *, enum fault, const char *text);
/* The exit code after this outcome, when it was `before`. */
int show_exit(enum show_action, enum fault, int before);

#endif
