/* Reread: the commands reread, avail, add and remove. */
#ifndef CTL_COMMANDS_REREAD_H
#define CTL_COMMANDS_REREAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct session;

/* Prints a line for each change of an update or a reread that is not one of groups: those
 * of users, and those that need a reload or a restart of reeved. Over HTTP none are known.
 * With `counts` a change that needs either sets the exit status, unless the command has
 * failed. dry: nothing has been changed. */
void reread_show_pending(
    struct session *, FILE *out, const json_t *result, bool counts, bool dry);

#endif
