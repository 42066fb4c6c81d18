/* Auth: who a request comes from and what it may do: Basic credentials against the
 * configuration's name and password, kept only as keyed digests. */
#ifndef RPCD_HTTP_AUTH_H
#define RPCD_HTTP_AUTH_H

#include "common/compiler.h"
#include "proto/role.h"

#include <stdbool.h>

struct auth;

enum auth_result {
	AUTH_OK,
	AUTH_REQUIRED,	/* no credentials: 401 */
	AUTH_WRONG,	/* 401, too */
	AUTH_MALFORMED,	/* 400 */
};

/* New. username NULL or "" = no authentication. password: plaintext or "{SHA}hex"; both may
 * be wiped by the caller afterwards. role: what a request without authentication may do
 * when has_role; else this machine is admin and other machines are states. NULL with errno.
 */
struct auth *auth_new(const char *username, const char *password, bool has_role,
    enum role role);
void auth_free(struct auth *);
bool auth_is_required(const struct auth *);
/* Judges an Authorization header (NULL = none); on AUTH_OK *role is set. */
enum auth_result auth_check(const struct auth *, const char *header, bool peer_is_local,
    enum role *role);

#endif
