/* Show: prints processes and results with exactly supervisorctl's texts, and computes the
 * exit codes. */
#ifndef CTL_COMMANDS_SHOW_H
#define CTL_COMMANDS_SHOW_H

#include "common/compiler.h"
#include "ctl/daemon/server_stats.h"
#include "proto/fault.h"
#include "proto/state.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum show_action { SHOW_START, SHOW_STOP, SHOW_SIGNAL, SHOW_CLEAR, SHOW_ACTION_MAX };

/* Additions to supervisorctl's table. */
struct show_style {
	bool colour; /* colour the states */
	bool exits;  /* show the last exit after the description */
};

/* Prints the table of processes; the first column fits the longest name. */
void show_status(FILE *, const struct process_info *const *rows, size_t n, int64_t now,
    struct show_style);
/* Prints them as one JSON array, one row per line; stats may be NULL. */
void show_json(FILE *, const struct process_info *const *rows, size_t n, int64_t now,
    const struct server_stats *stats);
/* New: the description, with the last exit if the process does not run. */
char *show_description(const struct process_info *, int64_t now);
/* The escape sequence for the colour of a state. */
const char *show_colour(enum process_state);
/* Prints a text padded with blanks to a number of characters. */
void show_padded(FILE *, const char *text, int width);
/* Prints names sorted by column in lines of at most 79 characters, as Python's cmd does. */
void show_columns(FILE *, const char *const *names, size_t n);
/* Prints the state of the daemon, unless it is RUNNING. */
void show_daemon(FILE *, const struct daemon_info *);
/* Prints the outcome for one process. False, with nothing printed, if supervisorctl has no
 * text for this fault of this action. */
NODISCARD bool show_outcome(FILE *, enum show_action, const char *group, const char *name,
    enum fault, const char *text);
/* Prints why a process that was started does not run, and how to read its output. */
void show_failure(FILE *, const struct process_info *);
/* Prints the outcome of a stop that cancelled a pending start. */
void show_cancelled(FILE *, const char *group, const char *name);
/* The text for a fault of reading a log, of a process or of the daemon; NULL if
 * supervisorctl has none. */
const char *show_log_fault(enum fault, bool of_process);
/* The exit code after this outcome, if it was `before`. */
int show_exit(enum show_action, enum fault, int before);

#endif
