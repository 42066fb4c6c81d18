#include "rpcd/http/auth.h"

#include "common/base64.h"
#include "common/fail.h"
#include "common/hex.h"
#include "common/mem.h"
#include "common/str.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KEY_SIZE 32
#define DIGEST_SIZE 32 /* of HMAC-SHA-256 */
#define SHA1_SIZE 20
#define SHA1_TEXT (2 * SHA1_SIZE)
#define SHA_MARK "{SHA}"

struct auth {
	bool required; /* there is a name and a password */
	bool has_role;
	enum role role; /* without authentication */
	bool is_sha;	/* the password is known by its SHA-1 only */
	uint8_t key[KEY_SIZE];
	uint8_t username[DIGEST_SIZE];
	uint8_t password[DIGEST_SIZE];
};

static int
auth_digest(const struct auth *a, const void *text, size_t len, uint8_t digest[DIGEST_SIZE])
{
	return gnutls_hmac_fast(GNUTLS_MAC_SHA256, a->key, KEY_SIZE, text, len, digest);
}

struct auth *
auth_new(const char *username, const char *password, bool has_role, enum role role)
{
	struct auth *a = xcalloc(1, sizeof(*a));
	const char *secret = password != NULL ? password : "";

	a->has_role = has_role;
	a->role = role;
	a->required = username != NULL && *username != '\0';
	if (!a->required)
		return a;
	a->is_sha = str_starts(secret, SHA_MARK);
	if (a->is_sha)
		secret += strlen(SHA_MARK);
	if (gnutls_rnd(GNUTLS_RND_KEY, a->key, KEY_SIZE) < 0 ||
	    auth_digest(a, username, strlen(username), a->username) < 0 ||
	    auth_digest(a, secret, strlen(secret), a->password) < 0) {
		auth_free(a);
		return fail_null(EIO);
	}
	return a;
}

void
auth_free(struct auth *a)
{
	if (a == NULL)
		return;
	mem_wipe(a, sizeof(*a));
	free(a);
}

bool
auth_is_required(const struct auth *a)
{
	return a->required;
}

/* Lower-case hex, as `{SHA}` wants it. */
static int
auth_sha1(const char *text, size_t len, char hex[SHA1_TEXT])
{
	uint8_t sum[SHA1_SIZE];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA1, text, len, sum) < 0)
		return -1;
	hex_encode(sum, SHA1_SIZE, hex);
	mem_wipe(sum, sizeof(sum));
	return 0;
}

static int
auth_digest_password(
    const struct auth *a, const char *text, size_t len, uint8_t digest[DIGEST_SIZE])
{
	char hex[SHA1_TEXT];
	int rc;

	if (!a->is_sha)
		return auth_digest(a, text, len, digest);
	rc = auth_sha1(text, len, hex);
	if (rc == 0)
		rc = auth_digest(a, hex, sizeof(hex), digest);
	mem_wipe(hex, sizeof(hex));
	return rc;
}

/* Both halves are always compared, in constant time. */
static bool
auth_matches(const struct auth *a, const char *text, size_t len, const char *colon)
{
	size_t name = (size_t)(colon - text);
	uint8_t username[DIGEST_SIZE], password[DIGEST_SIZE];
	int differ;

	if (auth_digest(a, text, name, username) < 0 ||
	    auth_digest_password(a, colon + 1, len - name - 1, password) < 0)
		return false;
	differ = gnutls_memcmp(username, a->username, DIGEST_SIZE) != 0;
	differ |= gnutls_memcmp(password, a->password, DIGEST_SIZE) != 0;
	mem_wipe(password, sizeof(password));
	return !differ;
}

static enum auth_result
auth_judge(const struct auth *a, const char *encoded)
{
	size_t room = strlen(encoded);
	char *text = xmalloc(room);
	ssize_t len = base64_decode(encoded, room, text);
	const char *colon = len > 0 ? memchr(text, ':', (size_t)len) : NULL;
	enum auth_result result = AUTH_WRONG;

	if (colon == NULL || !str_is_utf8(text, (size_t)len))
		result = AUTH_MALFORMED;
	else if (auth_matches(a, text, (size_t)len, colon))
		result = AUTH_OK;
	mem_wipe(text, room);
	free(text);
	return result;
}

enum auth_result
auth_check(const struct auth *a, const char *header, bool peer_is_local, enum role *role)
{
	static const char scheme[] = "basic ";
	enum auth_result result;

	if (!a->required) {
		*role = peer_is_local ? ROLE_ADMIN : ROLE_STATES;
		if (a->has_role)
			*role = a->role;
		return AUTH_OK;
	}
	*role = ROLE_NONE;
	if (header == NULL || strncasecmp(header, scheme, strlen(scheme)) != 0)
		return AUTH_REQUIRED;
	result = auth_judge(a, header + strlen(scheme));
	if (result == AUTH_OK)
		*role = ROLE_ADMIN;
	return result;
}
