/* Check: every problem of a configuration, each with its file and line, and not only
 * the first one, as at a start. */
#ifndef MASTER_CONFIG_LOAD_CHECK_H
#define MASTER_CONFIG_LOAD_CHECK_H

#include "master/config/arguments.h"

#include <stdio.h>

/* Reads the configuration that the options name as a start would, and prints its problems
 * and what else looks wrong. How many problems there were; warnings are none. */
int conf_check(const struct arguments *, FILE *out, int *warnings);

#endif
