/* Rights: acting for a moment with no more rights than a user of the file system has who is
 * known by number alone. */
#ifndef COMMON_RIGHTS_H
#define COMMON_RIGHTS_H

#include "common/compiler.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#define RIGHTS_NOBODY ((uid_t)65534)	/* has what everybody has */

enum rights_kind {
	RIGHTS_OWN,	/* ours, unrestricted */
	RIGHTS_SWITCHED,	/* root becomes the user for the file system (setfsuid) */
	/* We cannot become the user: what the user may do is decided by owner and mode. */
	RIGHTS_JUDGED,
};

struct rights {
	enum rights_kind kind;	/* all zero = ours */
	uid_t uid;		/* whose, unless ours */
};

/* What rights_enter replaced. */
struct rights_saved {
	bool entered;
	uid_t uid;
	gid_t gid;
	int ngroups, dumpable;
	gid_t groups[512];
};

/* The rights of that user. The group is 65534 and there are no others: which groups the
 * user is in only NSS knows, which may block, and the group of a file that the user owns
 * proves nothing, since a set-group-id directory gives it to anybody. */
struct rights rights_of(uid_t uid);
/* Takes the rights on until rights_leave; nothing changes for RIGHTS_OWN and RIGHTS_JUDGED.
 * 0, or -1 with errno and nothing changed. */
NODISCARD int rights_enter(const struct rights *, struct rights_saved *);
/* The same for what needs `want` (rights_judge) with a directory; else EACCES. */
NODISCARD int rights_enter_for(const struct rights *, const struct stat *dir, int want,
    struct rights_saved *);
/* Keeps errno. */
void rights_leave(const struct rights_saved *);
/* For RIGHTS_JUDGED: true when the user may do `want` (R_OK, W_OK, X_OK) with the object;
 * else true. The bits of the group count only when everybody has them as well. */
bool rights_judge(const struct rights *, const struct stat *, int want);

#endif
