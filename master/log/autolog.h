/* Autolog: the AUTO log files in childlogdir: names, creation, clean-up. */
#ifndef MASTER_LOG_AUTOLOG_H
#define MASTER_LOG_AUTOLOG_H

#include "common/compiler.h"

/* Creates CHILDLOGDIR/NAME-WORD---IDENTIFIER-XXXXXXXX.log, empty, 0600; its new path, or
 * NULL with errno. */
NODISCARD char *autolog_create(
    const char *dir, const char *name, const char *word, const char *identifier);
/* Deletes what earlier runs of this identifier left; failures are WARN lines. */
void autolog_clean(const char *dir, const char *identifier);

#endif
