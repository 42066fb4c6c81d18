/* Accounts: the users whose passwords reeve-verifier verifies, with their hashes of
 * crypt(3). */
#ifndef MASTER_HELPER_VERIFIER_ACCOUNTS_H
#define MASTER_HELPER_VERIFIER_ACCOUNTS_H

#include "common/compiler.h"

#include <stdbool.h>

#define ACCOUNTS_PASSWORD_MAX 511 /* bytes of a password; crypt(3) does not hash more */

struct accounts;

struct accounts *accounts_new(void);   /* new and empty; ends the program without memory */
void accounts_free(struct accounts *); /* wipes the hashes; NULL is fine */
/* Adds a user; both texts are copied. 0, or -1: the name is there already. */
NODISCARD int accounts_add(struct accounts *, const char *name, const char *hash);
/* Whether it is the user's password. For an unknown name the password is hashed like one of
 * the user whose hash takes longest, among the first four kinds and costs of hashes, so
 * that the time does not tell whether the name exists. */
bool accounts_verify(struct accounts *, const char *name, const char *password);

#endif
