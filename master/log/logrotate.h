/* Log rotation: the names of a log and its backups. Nothing is renamed before the new file
 * exists, and what cannot be completed is undone. */
#ifndef MASTER_LOG_LOGROTATE_H
#define MASTER_LOG_LOGROTATE_H

#include "common/compiler.h"
#include "common/safepath.h"

#include <stdint.h>

/* Makes NAME the last one of NAME.1 … NAME.backups, which move up as far as the first
 * number that is free; when none is, the oldest is removed. The descriptor of a new, empty
 * NAME, opened for appending; or -1 with errno and all as it was. EEXIST: another writer
 * put a file there meanwhile. */
NODISCARD int logrotate(struct safepath *, int64_t backups);
/* Puts a new, empty file in the place of NAME, which need not exist, or empties NAME where
 * no other file fits on the disk. The descriptor, or -1 with errno and all as it was. */
NODISCARD int logrotate_renew(struct safepath *);

#endif
