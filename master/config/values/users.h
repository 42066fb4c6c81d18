/* Users: looks up users and groups by name or number, which may block: only while the
 * configuration is read. Without a user database, as in a container made FROM scratch, root
 * and all numbers are known. */
#ifndef MASTER_CONFIG_VALUES_USERS_H
#define MASTER_CONFIG_VALUES_USERS_H

#include "common/compiler.h"

#include <stddef.h>
#include <sys/types.h>

/* A user with all ids that a process needs to become that user. */
struct user {
	char *name; /* as configured: name or number */
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t ngroups;
};

/* 0 with *user new, or -1 with *why new: supervisord's "Invalid user name X" or "Invalid
 * user id N". */
NODISCARD int users_find(const char *text, struct user **user, char **why);
/* New: the default user of reeve-rpcd: reeve, else nobody; never root. */
struct user *users_unprivileged(void);
/* Looks up a group. 0, or -1. */
NODISCARD int users_find_group(const char *text, gid_t *gid);
/* Looks up "user:group", or "user" (then *gid is -1). 0, or -1. */
NODISCARD int users_find_owner(const char *text, uid_t *uid, gid_t *gid);
/* New: "user:group" with names or, where there are none, numbers; gid -1 = "user". */
char *users_print_owner(uid_t uid, gid_t gid);
void users_free(struct user *); /* NULL is fine */

#endif
