/* Credentials: user names with their passwords, kept only as digests with a random key, and
 * what each stands for. A password can be found by the digest of what a client sends, so
 * that the time does not depend on the names or passwords that exist. */
#ifndef RPCD_CREDENTIALS_H
#define RPCD_CREDENTIALS_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CREDENTIALS_DIGEST 32 /* bytes */

struct credentials;

/* What a client sends: "USER", a NUL, "PASSWORD", without a NUL at the end; borrowed. */
struct credential {
	const char *text;
	size_t len;
};

/* The digest of a credential, valid for one table. */
struct credentials_digest {
	uint8_t bytes[CREDENTIALS_DIGEST];
};

/* New and empty, with a key of its own. NULL with errno. */
struct credentials *credentials_new(void);
void credentials_free(struct credentials *); /* NULL is allowed */
/* Adds a user whose password is plaintext or "{SHA}hex". The texts are not kept; value is
 * borrowed and not NULL. 0, or -1 with errno. */
NODISCARD int credentials_add(
    struct credentials *, const char *user, const char *password, void *value);
/* The value of a credential, or NULL. *digest is set for the next functions. */
void *credentials_find(const struct credentials *, const struct credential *,
    struct credentials_digest *digest);
/* Adds a credential that was verified in another way. 0, or -1 with errno. */
NODISCARD int credentials_remember(
    struct credentials *, const struct credentials_digest *, void *value);
void credentials_forget(struct credentials *, const struct credentials_digest *);

#endif
