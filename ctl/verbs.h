/* Verbs: supervisorctl's commands as a table: name, handler, help. */
#ifndef CTL_VERBS_H
#define CTL_VERBS_H

#include <stdio.h>

/* Connects to the control socket at `path` when a command first needs to, runs one command
 * line, prints to `out`; the exit code (ctl/show.h). */
int verbs_run(FILE *out, const char *path, const char *line);

#endif
