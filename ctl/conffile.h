/* Conffile: where the control socket is. Reads of supervisord.conf only what
 * that takes: control_socket and pidfile of [supervisord]. Like supervisorctl it
 * follows no [include]. */
#ifndef CTL_CONFFILE_H
#define CTL_CONFFILE_H

#include "common/compiler.h"

/* New: the first file of the default search path that exists (reference 4.8), or NULL with
 * *why new: the text after "Error: ". */
NODISCARD char *conffile_find(const char *argv0, char **why);
/* New: absolute path of the control socket that this file names, or NULL with *why new. */
NODISCARD char *conffile_socket(const char *file, char **why);
/* New: %(here)s, %(ENV_X)s and %% expanded; NULL with *why new. `option` is for the
 * text. */
NODISCARD char *conffile_expand(const char *value, const char *here, const char *option,
    char **why);

#endif
