/* Users: the users of the configuration with their rights, and the local users that stand
 * for them. The master sends the whole table, which replaces the one before at once
 * (reeve-protocol(7)). Passwords that only have a slow hash are verified by the master; the
 * table remembers the credential until it is replaced. */
#ifndef RPCD_USERS_H
#define RPCD_USERS_H

#include "common/compiler.h"
#include "proto/grant.h"
#include "rpcd/credentials.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define USERS_PASSWORD_MAX 511 /* bytes; a longer password is refused before hashing */

struct users;

/* New, without users. */
struct users *users_new(void);
void users_free(struct users *); /* NULL is allowed */
/* Sets the function that is called after another table has come into effect. */
void users_observe(struct users *, void (*changed)(void *ctx), void *ctx);
/* Handles users.begin, users.user, users.peer and users.end. 1, 0 for another method, -1
 * when malformed or unexpected; a table with an error never comes into effect. */
NODISCARD int users_notification(struct users *, const char *method, const json_t *params);
/* Whether a table is being received, whose frames are secret. */
bool users_are_coming(const struct users *);
/* The number of the table in effect. */
uint64_t users_version(const struct users *);

bool users_exist(const struct users *);
/* Whether the master must verify passwords. */
bool users_have_slow(const struct users *);
/* The rights of a user, or NULL; borrowed until the next users_notification. */
struct grant *users_grant(const struct users *, const char *name);

/* ---- credentials ---- */

enum users_result {
	USERS_OK,
	USERS_WRONG,
	USERS_UNVERIFIED,	/* the master can verify it: users_accept */
};

/* Checks a credential that a client sends. *digest identifies it in this table. On USERS_OK
 * *grant is borrowed as above. While a user has a slow hash, every credential that is not
 * known yet is UNVERIFIED, so that the answer does not depend on the name. */
enum users_result users_check(const struct users *, const struct credential *,
    struct credentials_digest *digest, struct grant **grant);
/* The master has verified the credential of this user for the table of that version:
 * remembers it. Its rights, or NULL: the table has changed, or no hash of this user is
 * slow. */
struct grant *users_accept(
    struct users *, uint64_t version, const char *name, const struct credentials_digest *);

/* ---- clients of Unix sockets ---- */

/* Whether local users stand for users of the configuration (peer_users=). */
bool users_have_peers(const struct users *);
/* Whether users_of_peer needs the client's groups. */
bool users_need_groups(const struct users *);
/* The rights of the first row for this uid or one of the groups; NULL = none. */
struct grant *users_of_peer(
    const struct users *, uid_t, const gid_t *groups, size_t ngroups);

#endif
