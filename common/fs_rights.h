/* FS rights: limits single file operations to the rights of another user, named by uid. */
#ifndef COMMON_FS_RIGHTS_H
#define COMMON_FS_RIGHTS_H

#include "common/compiler.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#define FS_RIGHTS_NOBODY ((uid_t)65534) /* has the rights of "others" only */

enum fs_rights_kind {
	FS_RIGHTS_OWN,		/* our own, unlimited */
	FS_RIGHTS_SWITCHED,	/* root switches to the user (setfsuid) */
	FS_RIGHTS_CHECKED,	/* no switch is possible: owner and mode are checked here */
};

struct fs_rights {
	enum fs_rights_kind kind; /* all zero = our own */
	uid_t uid;                /* the user, unless our own */
};

/* What fs_rights_enter replaced. */
struct fs_rights_saved {
	bool entered;
	uid_t uid;
	gid_t gid;
	int ngroups, dumpable;
	gid_t groups[512];
};

/* Returns the rights of that user without the user's groups; the group is 65534. Only NSS
 * knows the groups, and may block; the group of a file that the user owns proves nothing,
 * because a set-group-id directory assigns its group to every user's file. */
struct fs_rights fs_rights_of(uid_t uid);
/* Switches to the rights until fs_rights_leave; FS_RIGHTS_OWN and FS_RIGHTS_CHECKED need no
 * switch. 0, or -1 with errno and nothing changed. */
NODISCARD int fs_rights_enter(const struct fs_rights *, struct fs_rights_saved *);
/* The same if fs_rights_allow permits `want` on the directory, else EACCES. */
NODISCARD int fs_rights_enter_for(
    const struct fs_rights *, const struct stat *dir, int want, struct fs_rights_saved *);
/* Keeps errno. */
void fs_rights_leave(const struct fs_rights_saved *);
/* For FS_RIGHTS_CHECKED: whether owner and mode permit `want` (R_OK, W_OK, X_OK); a
 * permission of the group counts only if "others" have it too. True for the other kinds. */
bool fs_rights_allow(const struct fs_rights *, const struct stat *, int want);

#endif
