/* Token: proves that a form comes from a page that this daemon made for this user. It is
 * bound to the listener and the user, and valid for a day. */
#ifndef RPCD_PAGES_TOKEN_H
#define RPCD_PAGES_TOKEN_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define TOKEN_KEY_SIZE 32
#define TOKEN_SIZE 80 /* bytes of a token with its NUL */

/* Of the master, which gives it to each reeve-rpcd. */
struct token_key {
	uint8_t bytes[TOKEN_KEY_SIZE];
};

/* Reads a key in hexadecimal digits; NULL = makes one. 0, or -1 when it is not a key. */
NODISCARD int token_key_read(struct token_key *, const char *text);
/* user: "" = without credentials; now in epoch seconds. */
void token_make(char token[TOKEN_SIZE], const struct token_key *, const char *listener,
    const char *user, int64_t now);
/* Whether token_make made it for them within the last day. */
bool token_check(const char *token, const struct token_key *, const char *listener,
    const char *user, int64_t now);

#endif
