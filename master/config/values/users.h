/* Users: names and numbers of users and groups → ids, looked up at load only. Errors are
 * supervisord's texts, new. Without a user database, as in a container made FROM scratch,
 * root and numbers are known all the same. */
#ifndef MASTER_CONFIG_VALUES_USERS_H
#define MASTER_CONFIG_VALUES_USERS_H

#include "common/compiler.h"

#include <stddef.h>
#include <sys/types.h>

/* A user with all that a drop to it needs, resolved while the configuration is read. */
struct user {
	char *name; /* as configured: name or number */
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t ngroups;
};

/* A user with primary gid and all groups. 0, or -1 with *why: "Invalid user name X" or
 * "Invalid user id N". */
NODISCARD int users_find(const char *text, struct user **user, char **why);
/* New: the user of reeve-rpcd when none is configured; never root. */
struct user *users_unprivileged(void);
/* "user" (gid becomes -1) or "user:group". 0, or -1. */
NODISCARD int users_find_owner(const char *text, uid_t *uid, gid_t *gid);
/* New: the name of a uid, or its number. */
char *users_name(uid_t uid);
/* New: the group's name, or its number. */
char *users_group_name(gid_t gid);
/* New, from "UID:GID:GROUP,GROUP:NAME", without a lookup. 0, or -1: errno is ENOMEM when
 * memory is short. */
NODISCARD int users_decode(const char *text, struct user **user);
void users_free(struct user *); /* NULL is fine */

#endif
