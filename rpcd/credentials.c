#include "rpcd/credentials.h"

#include "common/fail.h"
#include "common/hex.h"
#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE 32
#define SHA1_SIZE 20
#define SHA_MARK "{SHA}"

struct credentials_entry {
	struct credentials_digest digest;
	void *value;
};

struct credentials {
	uint8_t key[KEY_SIZE];
	bool has_sha;         /* some passwords are known only by their SHA-1 */
	struct idmap *plain;  /* entries, owned, by the first bytes of their digest */
	struct idmap *hashed; /* the same; the digest is that of the password's SHA-1 */
};

struct credentials *
credentials_new(void)
{
	struct credentials *c = xcalloc(1, sizeof(*c));

	c->plain = idmap_new();
	c->hashed = idmap_new();
	if (c->plain != NULL && c->hashed != NULL &&
	    gnutls_rnd(GNUTLS_RND_KEY, c->key, KEY_SIZE) >= 0)
		return c;
	credentials_free(c);
	return fail_null(EIO);
}

static void
credentials_free_map(struct idmap *map)
{
	size_t cursor = 0;
	uint64_t key;
	void *entry;

	if (map == NULL)
		return;
	while ((entry = idmap_next(map, &cursor, &key)) != NULL)
		free(entry);
	idmap_free(map);
}

void
credentials_free(struct credentials *c)
{
	if (c == NULL)
		return;
	credentials_free_map(c->plain);
	credentials_free_map(c->hashed);
	mem_wipe(c, sizeof(*c));
	free(c);
}

/* ---- digests ---- */

static int
credentials_digest(const struct credentials *c, const char *text, size_t len,
    struct credentials_digest *digest)
{
	return gnutls_hmac_fast(
	    GNUTLS_MAC_SHA256, c->key, KEY_SIZE, text, len, digest->bytes);
}

/* The digest with the SHA-1 of the password, in lower-case hex, instead of the password. */
static int
credentials_digest_sha(const struct credentials *c, const struct credential *given,
    struct credentials_digest *digest)
{
	size_t user = strnlen(given->text, given->len) + 1;
	size_t len = user + (size_t)2 * SHA1_SIZE;
	uint8_t sum[SHA1_SIZE];
	char *text;
	int rc;

	if (user > given->len ||
	    gnutls_hash_fast(GNUTLS_DIG_SHA1, given->text + user, given->len - user, sum) <
		0)
		return -1;
	text = xmalloc(len);
	memcpy(text, given->text, user);
	hex_encode(sum, SHA1_SIZE, text + user);
	rc = credentials_digest(c, text, len, digest);
	mem_wipe(sum, sizeof(sum));
	mem_wipe(text, len);
	free(text);
	return rc;
}

static uint64_t
credentials_key(const struct credentials_digest *digest)
{
	uint64_t key;

	memcpy(&key, digest->bytes, sizeof(key));
	return key;
}

static void *
credentials_get(const struct idmap *map, const struct credentials_digest *digest)
{
	const struct credentials_entry *entry = idmap_get(map, credentials_key(digest));

	return entry != NULL &&
		gnutls_memcmp(entry->digest.bytes, digest->bytes, CREDENTIALS_DIGEST) == 0 ?
	    entry->value :
	    NULL;
}

static int
credentials_set(struct idmap *map, const struct credentials_digest *digest, void *value)
{
	uint64_t key = credentials_key(digest);
	struct credentials_entry *entry = xcalloc(1, sizeof(*entry));

	entry->digest = *digest;
	entry->value = value;
	free(idmap_remove(map, key));
	if (idmap_set(map, key, entry) == 0)
		return 0;
	free(entry);
	return -1;
}

/* ---- for the users ---- */

int
credentials_add(struct credentials *c, const char *user, const char *password, void *value)
{
	bool is_sha = str_starts(password, SHA_MARK);
	const char *kept = is_sha ? password + strlen(SHA_MARK) : password;
	size_t len = strlen(user) + 1 + strlen(kept);
	char *text = xmalloc(len + 1);
	struct credentials_digest digest;
	int rc;

	memcpy(text, user, strlen(user) + 1);
	memcpy(text + strlen(user) + 1, kept, strlen(kept) + 1);
	rc = credentials_digest(c, text, len, &digest);
	mem_wipe(text, len);
	free(text);
	if (rc < 0)
		return fail_with(EIO);
	c->has_sha |= is_sha;
	return credentials_set(is_sha ? c->hashed : c->plain, &digest, value);
}

void *
credentials_find(const struct credentials *c, const struct credential *given,
    struct credentials_digest *digest)
{
	struct credentials_digest hashed;
	void *value;

	if (credentials_digest(c, given->text, given->len, digest) < 0) {
		*digest = (struct credentials_digest){ { 0 } };
		return NULL;
	}
	value = credentials_get(c->plain, digest);
	if (value != NULL || !c->has_sha || credentials_digest_sha(c, given, &hashed) < 0)
		return value;
	return credentials_get(c->hashed, &hashed);
}

int
credentials_remember(
    struct credentials *c, const struct credentials_digest *digest, void *value)
{
	return credentials_set(c->plain, digest, value);
}

void
credentials_forget(struct credentials *c, const struct credentials_digest *digest)
{
	if (credentials_get(c->plain, digest) != NULL)
		free(idmap_remove(c->plain, credentials_key(digest)));
}
