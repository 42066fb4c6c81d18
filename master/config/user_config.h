/* User config: a [user:NAME], and which local users stand for one. */
#ifndef MASTER_CONFIG_USER_CONFIG_H
#define MASTER_CONFIG_USER_CONFIG_H

#include "proto/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct user_config {
	char *section; /* "user:bob" */
	char *name;
	/* As text, "{SHA}hex", or a hash of crypt(3). NULL: nobody can log
	 * in. */
	char *password;
	char *password_file; /* that has it; NULL = the section has it */
	bool slow;           /* it is a hash of crypt(3) */
	enum role role;
	/* Patterns, NULL after the last; NULL = not given. */
	char **programs, **methods, **deny_methods;
};

/* An entry of peer_users=: who a local user, or a member of a group, is. */
struct peer_config {
	bool is_group;
	uint32_t id; /* of the user or group */
	char *name;  /* of the user or group, as it is written */
	char *user;  /* the name of a user_config */
};

struct peer_list {
	struct peer_config *entries; /* in the written order: the first match counts */
	size_t count;                /* 0 = peer_users= is not set */
};

/* Wipes passwords and frees; the structs themselves stay. */
void user_config_clear(struct user_config *);
void user_config_clear_peers(struct peer_list *);
/* Whether both lists have the same users with the same passwords and rights. */
bool user_config_same(
    const struct user_config *, size_t, const struct user_config *, size_t);
bool user_config_same_peers(const struct peer_list *, const struct peer_list *);
/* By name, for qsort. */
int user_config_compare(const void *, const void *);

#endif
