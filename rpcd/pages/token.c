#include "rpcd/pages/token.h"

#include "common/hex.h"
#include "common/log.h"
#include "common/mem.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600 /* seconds */
#define VALID 24  /* hours */
#define MAC_SIZE 32

int
token_key_read(struct token_key *key, const char *text)
{
	if (text == NULL)
		return gnutls_rnd(GNUTLS_RND_KEY, key->bytes, sizeof(key->bytes));
	if (strlen(text) != 2 * sizeof(key->bytes))
		return -1;
	return hex_decode(text, 2 * sizeof(key->bytes), key->bytes);
}

/* HOUR-MAC, both in hexadecimal digits: the hour in which the token was made, and the
 * authentication code of all that it is bound to. */
static void
token_of_hour(char token[TOKEN_SIZE], const struct token_key *key, const char *listener,
    const char *user, uint64_t hour)
{
	char *text = xasprintf("form %" PRIu64 " %s %s", hour, listener, user);
	uint8_t mac[MAC_SIZE];
	int len =
	    snprintf(token, TOKEN_SIZE - 2 * MAC_SIZE, "%" PRIx32 "-", (uint32_t)hour);

	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key->bytes, sizeof(key->bytes), text,
		strlen(text), mac) < 0)
		fatal("cannot compute an authentication code");
	hex_encode(mac, sizeof(mac), token + len);
	token[len + 2 * MAC_SIZE] = '\0';
	free(text);
}

void
token_make(char token[TOKEN_SIZE], const struct token_key *key, const char *listener,
    const char *user, int64_t now)
{
	token_of_hour(token, key, listener, user, (uint64_t)now / HOUR);
}

bool
token_check(const char *token, const struct token_key *key, const char *listener,
    const char *user, int64_t now)
{
	uint64_t hour = strtoull(token, NULL, 16), current = (uint64_t)now / HOUR;
	char expected[TOKEN_SIZE];

	/* The clock may have been set back a little. */
	if (hour > current + 1 || hour + VALID < current)
		return false;
	token_of_hour(expected, key, listener, user, hour);
	return strlen(token) == strlen(expected) &&
	    gnutls_memcmp(token, expected, strlen(expected)) == 0;
}
