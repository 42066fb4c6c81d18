/* Basic auth: checks the credentials of a request and returns the client's role. */
#ifndef RPCD_HTTP_BASIC_AUTH_H
#define RPCD_HTTP_BASIC_AUTH_H

#include "proto/role.h"
#include "rpcd/setup.h"

#include <stdbool.h>

enum auth_result {
	AUTH_OK,
	AUTH_REQUIRED,	/* no credentials: 401 */
	AUTH_WRONG,	/* 401 */
	AUTH_MALFORMED,	/* 400 */
};

/* Checks an Authorization header (NULL = none); on AUTH_OK *role is set. */
enum auth_result basic_auth_check(
    const struct setup_access *, const char *header, bool peer_is_local, enum role *role);

#endif
