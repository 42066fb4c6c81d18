/* Autolog: creates and removes the AUTO log files in childlogdir. */
#ifndef MASTER_LOG_AUTOLOG_H
#define MASTER_LOG_AUTOLOG_H

#include "common/compiler.h"

/* Creates the empty file DIR/NAME-WORD---IDENTIFIER-XXXXXXXX.log, mode 0600. Its path,
 * new, or NULL with errno. */
NODISCARD char *autolog_create(
    const char *dir, const char *name, const char *word, const char *identifier);
/* Removes the files that earlier runs with this identifier have left; logs failures. */
void autolog_clean(const char *dir, const char *identifier);

#endif
