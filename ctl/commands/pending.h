/* Pending: what an update, or a reread, has found in the configuration and cannot apply. */
#ifndef CTL_PENDING_H
#define CTL_PENDING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct session;

/* Prints a line for each change that the answer names, which is empty over HTTP. With
 * `counts` they are the command's exit status, unless it has failed already. */
void pending_show(struct session *, FILE *out, const json_t *answer, bool counts);

#endif
