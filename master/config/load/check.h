/* Check: reports all problems of a configuration with file and line, where a start reports
 * the first one. */
#ifndef MASTER_CONFIG_LOAD_CHECK_H
#define MASTER_CONFIG_LOAD_CHECK_H

#include "master/config/arguments.h"

#include <stdio.h>

/* Reads the configuration as a start does and prints its problems and warnings. Returns the
 * number of problems; *warnings is that of warnings. */
int conf_check(const struct arguments *, FILE *out, int *warnings);

#endif
