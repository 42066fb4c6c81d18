/* Command line: a program's command, split as POSIX shlex does, resolved to a file. */
#ifndef MASTER_CONFIG_COMMAND_COMMAND_LINE_H
#define MASTER_CONFIG_COMMAND_COMMAND_LINE_H

#include "common/compiler.h"
#include "proto/fault.h"

struct command_line {
	char **argv; /* owned, NULL-terminated; argv[0] as written */
	char *path;  /* owned: the file to execute */
};

/* Splits and finds the command; `path_variable` is the PATH to search (NULL = none given:
 * /bin:/usr/bin:/usr/local/bin). FAULT_NONE, or NO_FILE / NOT_EXECUTABLE with *why new:
 * the spawnerr text. The text of the fault's detail is the same. */
NODISCARD enum fault command_line_resolve(
    const char *text, const char *path_variable, struct command_line *, char **why);
void command_line_clear(struct command_line *);
/* The PATH that a program's command is searched in: the one configured for it (NULL =
 * none), else our own; NULL when that is not set either. Borrowed. */
const char *command_line_search_path(const char *configured);
/* New NULL-terminated array of shlex.split(text), one block with its words; NULL with *why
 * (static): "No closing quotation", "No escaped character", or ENOMEM's text. */
char **command_line_split(const char *text, const char **why);

#endif
