/* Reread: the configuration on disk and its groups: the commands reread, avail, add and
 * remove. */
#ifndef CTL_REREAD_H
#define CTL_REREAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct session;

/* Prints a line for each change that an update or a reread has found and that cannot be
 * applied, none over HTTP. With `counts` they are the command's exit status, unless it has
 * failed already. */
void reread_show_pending(struct session *, FILE *out, const json_t *result, bool counts);

#endif
