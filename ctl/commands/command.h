/* Verbs: the commands as a table: name, handler, help. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stddef.h>
#include <stdio.h>

struct session;
struct verb;

/* Runs one command line; the exit code (ctl/exitcode.h), also in the session. */
int verbs_run(struct session *, const char *line);
/* The nth command that a list shows, sorted; NULL after the last. */
const struct verb *verbs_get(size_t nth);
/* Prints them all, one line each. */
void verbs_list(FILE *);

#endif
