/* Password: the user name and password of a listener, kept only as keyed digests. */
#ifndef RPCD_PASSWORD_H
#define RPCD_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

struct password;

/* New; password is plaintext or "{SHA}hex". The texts are not kept. NULL with errno. */
struct password *password_new(const char *username, const char *password);
void password_free(struct password *); /* NULL is allowed */
/* Compares both in constant time. */
bool password_matches(const struct password *, const char *username, size_t username_len,
    const char *password, size_t password_len);

#endif
