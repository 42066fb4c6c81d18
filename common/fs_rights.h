/* FS rights: acting for a moment with no more rights than a user of the file system has;
 * the user is given by number. */
#ifndef COMMON_FS_RIGHTS_H
#define COMMON_FS_RIGHTS_H

#include "common/compiler.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#define FS_RIGHTS_NOBODY ((uid_t)65534) /* has what everybody has */

enum fs_rights_kind {
	FS_RIGHTS_OWN,		/* ours, unrestricted */
	FS_RIGHTS_SWITCHED,	/* root becomes the user (setfsuid) */
	/* We cannot become the user: what the user may do is decided by owner and mode. */
	FS_RIGHTS_JUDGED,
};

struct fs_rights {
	enum fs_rights_kind kind; /* all zero = ours */
	uid_t uid;                /* whose, unless ours */
};

/* What fs_rights_enter replaced. */
struct fs_rights_saved {
	bool entered;
	uid_t uid;
	gid_t gid;
	int ngroups, dumpable;
	gid_t groups[512];
};

/* The rights of that user. The group is 65534 and there are no others: which groups the
 * user is in only NSS knows, which may block, and the group of a file that the user owns
 * proves nothing, since a set-group-id directory gives it to anybody. */
struct fs_rights fs_rights_of(uid_t uid);
/* Takes the rights on until fs_rights_leave; nothing changes for FS_RIGHTS_OWN and
 * FS_RIGHTS_JUDGED. 0, or -1 with errno and nothing changed. */
NODISCARD int fs_rights_enter(const struct fs_rights *, struct fs_rights_saved *);
/* The same for what needs `want` (fs_rights_judge) with a directory; else EACCES. */
NODISCARD int fs_rights_enter_for(
    const struct fs_rights *, const struct stat *dir, int want, struct fs_rights_saved *);
/* Keeps errno. */
void fs_rights_leave(const struct fs_rights_saved *);
/* For FS_RIGHTS_JUDGED: true when the user may do `want` (R_OK, W_OK, X_OK) with the
 * object; else true. The bits of the group count only when everybody has them as well. */
bool fs_rights_judge(const struct fs_rights *, const struct stat *, int want);

#endif
