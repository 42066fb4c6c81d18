/* Privs: drops privileges for good. */
#ifndef COMMON_PRIVS_H
#define COMMON_PRIVS_H

#include "common/compiler.h"

#include <stddef.h>
#include <sys/types.h>

/* Sets the supplementary groups, then all three gids and uids, then verifies them and that
 * uid 0 cannot be regained. 0, or -1 with errno and *what = the call that failed. */
NODISCARD int privs_drop(
    uid_t uid, gid_t gid, const gid_t *groups, size_t ngroups, const char **what);
/* Empties the capability bounding set; 0, or -1 with errno (EPERM without CAP_SETPCAP). */
NODISCARD int privs_drop_bounding(void);
/* Closes every descriptor from `first` on. */
void privs_close_from(int first);

#endif
