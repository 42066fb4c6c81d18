/* Helper program: finds the programs of helpers, and tells them how to confine
 * themselves. */
#ifndef MASTER_HELPER_HELPER_PROGRAM_H
#define MASTER_HELPER_HELPER_PROGRAM_H

#include "master/config/config.h"

#include <jansson.h>

/* Finds the program in the directory of our own binary `self` (NULL = not known) or in
 * libexecdir. New: the path; or NULL with *error new, which names both. */
char *helper_find(const char *program, const char *self, char **error);
/* New: its path in libexecdir, whether it is there or not. */
char *helper_installed(const char *program);
/* New: the user, the confinement and the level of the log, for a helper that confines
 * itself. NULL with ENOMEM. */
json_t *helper_setup(const struct config *);

#endif
