/* Path: paths of the configuration as Python's os.path handles them. All strings are
 * new. */
#ifndef MASTER_CONFIG_VALUES_PATH_H
#define MASTER_CONFIG_VALUES_PATH_H

#include "common/compiler.h"

#include <stdbool.h>

char *conf_path_expand(const char *path);    /* "~" and "~user" at the beginning */
char *conf_path_directory(const char *path); /* all before the last '/'; "" = none */
/* The path itself if it is absolute. */
char *conf_path_join(const char *base, const char *path);
char *conf_path_absolute(const char *path); /* without empty, "." and ".." parts */
/* The first usable directory of $TMPDIR, $TEMP, $TMP, /tmp, /var/tmp, /usr/tmp, ".". */
char *conf_path_temporary(void);
bool conf_path_is_directory(const char *path);
/* True for a device, a FIFO or a socket, and for /dev/stdout and its like. */
bool conf_path_is_special(const char *path);

#endif
