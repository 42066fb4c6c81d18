/* Safepath walk: resolves a path component by component, if it has symbolic links or
 * openat2 cannot be used (safepath.h has the rule). */
#ifndef COMMON_SAFEPATH_WALK_H
#define COMMON_SAFEPATH_WALK_H

#include "common/safepath.h"

/* Fills a new safepath; the arguments and results of safepath_find. */
NODISCARD int safepath_walk(struct safepath *, const char *path, unsigned flags);
/* Opens a path without symbolic links by openat2. A descriptor, or -1 with errno. */
NODISCARD int safepath_openat2(int dir, const char *path, int flags, mode_t mode);
/* True for root and our own user. */
bool safepath_uid_is_ours(uid_t);
/* True for a directory in which users other than root and our own can change names. */
bool safepath_stat_is_shared(const struct stat *dir);

#endif
