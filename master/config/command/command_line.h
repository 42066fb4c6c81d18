/* Command line: splits a program's command as Python's shlex does and finds its file. */
#ifndef MASTER_CONFIG_COMMAND_COMMAND_LINE_H
#define MASTER_CONFIG_COMMAND_COMMAND_LINE_H

#include "common/compiler.h"
#include "proto/fault.h"

struct command_line {
	char **argv; /* owned, NULL-terminated; argv[0] as written */
	char *path;  /* owned: the file to execute */
};

/* Splits the command and finds its file in the PATH `path_variable` (NULL =
 * /bin:/usr/bin:/usr/local/bin). FAULT_NONE, or NO_FILE / NOT_EXECUTABLE with *why new: the
 * text of spawnerr and of the fault. */
NODISCARD enum fault command_line_resolve(
    const char *text, const char *path_variable, struct command_line *, char **why);
void command_line_clear(struct command_line *);
/* The PATH to search for a program's command: its configured one (NULL = none), else the
 * daemon's; NULL when that is not set. Borrowed. */
const char *command_line_search_path(const char *configured);
/* New NULL-terminated array of shlex.split(text), one block with its words; NULL with *why
 * (static): "No closing quotation", "No escaped character", or ENOMEM's text. */
char **command_line_split(const char *text, const char **why);

#endif
