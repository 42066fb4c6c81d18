#include "rpcd/password.h"

#include "common/fail.h"
#include "common/hex.h"
#include "common/mem.h"
#include "common/str.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE 32
#define DIGEST_SIZE 32 /* of HMAC-SHA-256 */
#define SHA1_SIZE 20
#define SHA_MARK "{SHA}"

struct password {
	bool is_sha; /* configured as {SHA}: only its SHA-1 is known */
	uint8_t key[KEY_SIZE];
	uint8_t username[DIGEST_SIZE];
	uint8_t password[DIGEST_SIZE];
};

static int
password_digest(
    const struct password *p, const char *text, size_t len, uint8_t digest[DIGEST_SIZE])
{
	return gnutls_hmac_fast(GNUTLS_MAC_SHA256, p->key, KEY_SIZE, text, len, digest);
}

/* The digest of the SHA-1 in lower-case hex, the form after `{SHA}`. */
static int
password_digest_sha(
    const struct password *p, const char *text, size_t len, uint8_t digest[DIGEST_SIZE])
{
	uint8_t sum[SHA1_SIZE];
	char hex[2 * SHA1_SIZE];
	int rc;

	if (gnutls_hash_fast(GNUTLS_DIG_SHA1, text, len, sum) < 0)
		return -1;
	hex_encode(sum, SHA1_SIZE, hex);
	rc = password_digest(p, hex, sizeof(hex), digest);
	mem_wipe(sum, sizeof(sum));
	mem_wipe(hex, sizeof(hex));
	return rc;
}

struct password *
password_new(const char *username, const char *password)
{
	struct password *p = xcalloc(1, sizeof(*p));

	p->is_sha = str_starts(password, SHA_MARK);
	if (p->is_sha)
		password += strlen(SHA_MARK);
	if (gnutls_rnd(GNUTLS_RND_KEY, p->key, KEY_SIZE) >= 0 &&
	    password_digest(p, username, strlen(username), p->username) >= 0 &&
	    password_digest(p, password, strlen(password), p->password) >= 0)
		return p;
	password_free(p);
	return fail_null(EIO);
}

void
password_free(struct password *p)
{
	if (p == NULL)
		return;
	mem_wipe(p, sizeof(*p));
	free(p);
}

bool
password_matches(const struct password *p, const char *username, size_t username_len,
    const char *password, size_t password_len)
{
	uint8_t name[DIGEST_SIZE], secret[DIGEST_SIZE];
	int differ;

	if (password_digest(p, username, username_len, name) < 0 ||
	    (p->is_sha ? password_digest_sha : password_digest)(
		p, password, password_len, secret) < 0)
		return false;
	/* Both are always compared, so that the time does not depend on the name. */
	differ = gnutls_memcmp(name, p->username, DIGEST_SIZE) != 0;
	differ |= gnutls_memcmp(secret, p->password, DIGEST_SIZE) != 0;
	mem_wipe(secret, sizeof(secret));
	return !differ;
}
