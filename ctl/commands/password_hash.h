/* Password hash: makes hashes of crypt(3) for the configuration. */
#ifndef CTL_COMMANDS_PASSWORD_HASH_H
#define CTL_COMMANDS_PASSWORD_HASH_H

#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_HASH_MAX 511 /* bytes of a password */

/* The names of the methods, the default first; NULL after the last. */
const char *password_hash_method(size_t nth);
/* Why the n bytes cannot be a password, as the end of a sentence: "is empty"; NULL
 * = nothing. */
const char *password_hash_refuse(const char *password, size_t n);
/* New, with a random salt; method NULL = the default. NULL with *why new: there is no such
 * method, or the system does not support it. */
char *password_hash_make(const char *method, const char *password, char **why);

#endif
