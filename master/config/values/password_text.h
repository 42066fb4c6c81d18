/* Password text: the forms of a user's password in the configuration: the text itself,
 * "{SHA}" and a digest, or a hash of crypt(3) such as "$y$j9T$SALT$HASH". */
#ifndef MASTER_CONFIG_VALUES_PASSWORD_TEXT_H
#define MASTER_CONFIG_VALUES_PASSWORD_TEXT_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_TEXT_MAX 511 /* bytes: more than crypt(3) accepts */

enum password_form {
	PASSWORD_PLAIN,
	PASSWORD_SHA,	/* {SHA} */
	PASSWORD_SLOW,	/* of crypt(3) */
};

/* Checks a text of n bytes. 0 with *form, or -1 with *why new, which has no part of the
 * text except the name of a known kind of hash. */
NODISCARD int password_text_check(
    const char *text, size_t n, enum password_form *form, char **why);

#endif
