/* Command: the table of commands, and the execution of one command line. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stddef.h>
#include <stdio.h>

struct session;
struct command;

/* Runs one command line; the exit code (ctl/exitcode.h), also in the session. */
int command_run(struct session *, const char *line);
/* The nth command that a list shows, sorted; NULL after the last. */
const struct command *command_get(size_t nth);
/* Prints them all, one line each. */
void command_list(FILE *);

#endif
