/* Log rotation: renames a log and its backups. Nothing is renamed before the new file
 * exists, and an incomplete rotation is undone. */
#ifndef MASTER_LOG_LOGROTATE_H
#define MASTER_LOG_LOGROTATE_H

#include "common/compiler.h"
#include "common/safepath.h"

#include <stdint.h>

/* Renames NAME to NAME.1, NAME.1 to NAME.2 and so on, up to the first number that is free;
 * when NAME.backups exists too, that file is removed. Returns the descriptor of a new,
 * empty NAME, opened for appending; or -1 with errno, and no file has changed. EEXIST:
 * another program has created NAME meanwhile. */
NODISCARD int logrotate(struct safepath *, int64_t backups);
/* Replaces NAME, which need not exist, with a new, empty file; without space on the disk
 * for another file, truncates NAME. The descriptor, or -1 with errno, and no file has
 * changed. */
NODISCARD int logrotate_renew(struct safepath *);

#endif
