/* Safepath walk: one component after another, where a path has symbolic links or the kernel
 * cannot look for them (safepath.h has the rule). */
#ifndef COMMON_SAFEPATH_WALK_H
#define COMMON_SAFEPATH_WALK_H

#include "common/safepath.h"

/* Fills a new safepath as safepath_find says. */
NODISCARD int safepath_walk(struct safepath *, const char *path, unsigned flags);
/* openat2 of a path that must not have any link. A descriptor, or -1 with errno. */
NODISCARD int safepath_openat2(int dir, const char *path, int flags, mode_t mode);
/* True for root and the user that we are. */
bool safepath_uid_is_ours(uid_t);
/* True for a directory in which others than root and we can change names. */
bool safepath_stat_is_shared(const struct stat *dir);

#endif
