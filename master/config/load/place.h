/* Place: where in the files the error of a configuration, or an option, stands. */
#ifndef MASTER_CONFIG_LOAD_PLACE_H
#define MASTER_CONFIG_LOAD_PLACE_H

#include "master/config/load/load_context.h"

#include <stdbool.h>

/* The option that the error is about: the one read last, unless its text names another of
 * the section or one that is missing. Borrowed; NULL = the section as a whole. */
const char *conf_place_blamed(const struct conf_load *);
/* False for an error that begins or ends with the file's name, and without a file. */
bool conf_place_helps(const struct conf_load *);
/* New: "FILE:LINE" of the option, or of its section when it is not there; "FILE" when that
 * is not there either. */
char *conf_place(const struct conf_load *, const char *section, const char *key);
/* New: the error in one line, before it, where that helps, the place of the option of its
 * section. */
char *conf_place_error(const struct conf_load *, const char *key);

#endif
