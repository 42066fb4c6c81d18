#include "rpcd/http/basic_auth.h"

#include "common/base64.h"
#include "common/mem.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SCHEME "basic "

static enum auth_result
basic_auth_match(const struct credentials *own, const char *encoded)
{
	size_t size = strlen(encoded);
	char *text = xmalloc(size);
	ssize_t len = base64_decode(encoded, size, text);
	char *colon = len > 0 ? memchr(text, ':', (size_t)len) : NULL;
	enum auth_result result = AUTH_MALFORMED;
	struct credentials_digest digest;

	if (colon != NULL && str_is_utf8(text, (size_t)len)) {
		result = AUTH_WRONG;
		if (memchr(text, '\0', (size_t)len) == NULL) {
			*colon = '\0';
			if (credentials_find(own, &(struct credential){ text, (size_t)len },
				&digest) != NULL)
				result = AUTH_OK;
		}
	}
	mem_wipe(text, size);
	free(text);
	return result;
}

enum auth_result
basic_auth_check(const struct setup_access *access, const char *header, bool peer_is_local,
    enum role *role)
{
	enum auth_result result;

	if (access->own == NULL) {
		*role = peer_is_local ? access->local : access->remote;
		return AUTH_OK;
	}
	*role = ROLE_NONE;
	if (header == NULL || strncasecmp(header, SCHEME, strlen(SCHEME)) != 0)
		return AUTH_REQUIRED;
	result = basic_auth_match(access->own, header + strlen(SCHEME));
	if (result == AUTH_OK)
		*role = ROLE_ADMIN;
	return result;
}
