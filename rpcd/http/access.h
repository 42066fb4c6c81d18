/* Access: who the client of a request is, from its credentials or, on a Unix socket, from
 * its process. */
#ifndef RPCD_HTTP_ACCESS_H
#define RPCD_HTTP_ACCESS_H

#include "rpcd/caller.h"
#include "rpcd/credentials.h"
#include "rpcd/setup.h"
#include "rpcd/users.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum access_result {
	ACCESS_OK,		/* the caller is identified, perhaps without any right */
	ACCESS_REQUIRED,	/* credentials are needed: 401 */
	ACCESS_WRONG,		/* 401 */
	ACCESS_MALFORMED,	/* 400 */
	ACCESS_UNVERIFIED,	/* the master can verify the credentials */
};

/* The rules of a listener; borrowed. */
struct access_rules {
	const struct setup_access *access;
	const struct users *users;
	bool is_unix;
	uid_t daemon_uid; /* which is an administrator on Unix sockets, as root is */
};

struct access_client {
	int fd;         /* the connection, for its groups */
	bool is_local;  /* the client is on this machine */
	bool forwarded; /* by a proxy */
};

/* What a client sends, for a later check. */
struct access_given {
	char *text; /* owned: see struct credential; NULL = nothing */
	size_t len;
	struct credentials_digest digest; /* in the table of that version */
	uint64_t version;
};

/* Whether requests without credentials are refused. */
bool access_is_closed(const struct access_rules *);
/* Identifies the client of a request by its Authorization header (NULL = none). Only with
 * ACCESS_UNVERIFIED, *given is new. */
enum access_result access_check(const struct access_rules *, const struct access_client *,
    const char *header, struct caller *, struct access_given *given);
/* Checks credentials that were UNVERIFIED once more, because the users have changed. */
enum access_result access_check_again(
    const struct access_rules *, struct caller *, struct access_given *);
/* Identifies the client again without a check of credentials: whether the rights are still
 * the same. */
bool access_is_unchanged(
    const struct access_rules *, const struct access_client *, const struct caller *);
/* Wipes the text. */
void access_given_clear(struct access_given *);

#endif
