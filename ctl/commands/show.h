/* Show: what reevectl prints, supervisorctl's texts to the byte, and the exit
 * codes that go with them. */
#ifndef CTL_SHOW_H
#define CTL_SHOW_H

#include "common/compiler.h"
#include "proto/fault.h"
#include "proto/state.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum show_action { SHOW_START, SHOW_STOP, SHOW_SIGNAL, SHOW_CLEAR, SHOW_ACTION_MAX };

/* What the table has beyond supervisorctl's. */
struct show_style {
	bool colour; /* of states */
	bool exits;  /* after the description: how the process ended last */
};

/* The table of processes, columns as wide as the longest name. */
void show_status(FILE *, const struct process_info *const *rows, size_t n, int64_t now,
    struct show_style);
/* The same as one JSON array, a row a line. */
void show_json(FILE *, const struct process_info *const *rows, size_t n, int64_t now);
/* New text: the description, and how a process that does not run ended last. */
char *show_description(const struct process_info *, int64_t now);
/* Text padded with blanks to a number of characters. */
void show_padded(FILE *, const char *text, int width);
/* Names in columns of 79 characters at most, downwards, as Python's cmd lists topics. */
void show_columns(FILE *, const char *const *names, size_t n);
/* The daemon's own state, when it is not RUNNING. */
void show_daemon(FILE *, const struct daemon_info *);
/* One process's outcome. False and nothing printed: supervisorctl has no words for this
 * fault here. */
NODISCARD bool show_outcome(FILE *, enum show_action, const char *group, const char *name,
    enum fault, const char *text);
/* Why a process that was to be started does not run, and where its last words are. */
void show_failure(FILE *, const struct process_info *);
/* The outcome of a stop of a process that did not run, but was about to be started. */
void show_cancelled(FILE *, const char *group, const char *name);
/* What a fault means for reading a log, of a process or the daemon's; NULL when
 * supervisorctl has no words for it. */
const char *show_log_fault(enum fault, bool of_process);
/* The exit code after this outcome, when it was `before`. */
int show_exit(enum show_action, enum fault, int before);

#endif
