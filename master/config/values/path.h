/* Path: paths in configuration as Python's os.path treats them: "~", parts,
 * absolute and normal form. Used at load only; all strings are new. */
#ifndef MASTER_CONFIG_VALUES_PATH_H
#define MASTER_CONFIG_VALUES_PATH_H

#include "common/compiler.h"

#include <stdbool.h>

char *conf_path_expand(const char *path);    /* "~" and "~user" at the beginning */
char *conf_path_directory(const char *path); /* all before the last '/'; "" = none */
/* path itself when it is absolute */
char *conf_path_join(const char *base, const char *path);
char *conf_path_absolute(const char *path); /* in normal form */
/* The first usable of $TMPDIR, $TEMP, $TMP, /tmp, … */
char *conf_path_temporary(void);
bool conf_path_is_directory(const char *path);
/* True for a device, a FIFO or a socket, and for /dev/stdout and its like. */
bool conf_path_is_special(const char *path);

#endif
