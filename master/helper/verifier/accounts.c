#include "master/helper/verifier/accounts.h"

#include "common/log.h"
#include "common/loglimit.h"
#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"

#include <crypt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KINDS 4 /* whose time is measured, each at most about a second */

struct accounts {
	struct map *hashes; /* by name; owned texts */
	/* Hashes of different kinds or costs, borrowed from the map. */
	const char *kinds[KINDS];
	size_t nkinds;
	const char *slowest; /* of the kinds; NULL = there are no users */
	int64_t slowest_ns;  /* its processor time, if there are several kinds */
	struct log_limit failures;
};

struct accounts *
accounts_new(void)
{
	struct accounts *accounts = xcalloc(1, sizeof(*accounts));

	accounts->hashes = map_new();
	mem_must(accounts->hashes == NULL ? -1 : 0);
	return accounts;
}

void
accounts_free(struct accounts *accounts)
{
	size_t cursor = 0;
	char *hash;

	if (accounts == NULL)
		return;
	while ((hash = map_next(accounts->hashes, &cursor, NULL)) != NULL)
		mem_wiping_free(hash);
	map_free(accounts->hashes);
	free(accounts);
}

/* ---- the slowest hash ---- */

/* The length of the kind and its parameters at the beginning of the hash: "$6$",
 * "$6$rounds=1000$", "$y$j9T$", "$2b$12$" and, without a mark behind them, 11 characters of
 * "$7$". */
static size_t
accounts_settings(const char *hash)
{
	const char *at = *hash == '$' ? strchr(hash + 1, '$') : NULL, *end;

	if (at == NULL)
		return 0;
	at++;
	if (str_starts(hash, "$7$"))
		return (size_t)(at - hash) + strnlen(at, 11);
	if ((str_starts(hash, "$5$") || str_starts(hash, "$6$")) &&
	    !str_starts(at, "rounds="))
		return (size_t)(at - hash);
	end = strchr(at, '$');
	return end == NULL ? (size_t)(at - hash) : (size_t)(end + 1 - hash);
}

static int64_t
accounts_clock_ns(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t
accounts_measure(const char *hash)
{
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	int64_t begun = accounts_clock_ns();

	(void)crypt_r("password", hash, data);
	free(data);
	return accounts_clock_ns() - begun;
}

/* Nothing is measured while all users have hashes of one kind. */
static void
accounts_note_kind(struct accounts *accounts, const char *hash)
{
	size_t len = accounts_settings(hash);
	int64_t ns;

	for (size_t i = 0; i < accounts->nkinds; i++)
		if (accounts_settings(accounts->kinds[i]) == len &&
		    memcmp(accounts->kinds[i], hash, len) == 0)
			return;
	if (accounts->nkinds == KINDS)
		return;
	accounts->kinds[accounts->nkinds++] = hash;
	if (accounts->slowest == NULL) {
		accounts->slowest = hash;
		return;
	}
	if (accounts->nkinds == 2)
		accounts->slowest_ns = accounts_measure(accounts->slowest);
	ns = accounts_measure(hash);
	if (ns > accounts->slowest_ns) {
		accounts->slowest = hash;
		accounts->slowest_ns = ns;
	}
}

/* ---- the users ---- */

int
accounts_add(struct accounts *accounts, const char *name, const char *hash)
{
	char *copy;

	if (map_get(accounts->hashes, name) != NULL)
		return -1;
	copy = xstrdup(hash);
	mem_must(map_set(accounts->hashes, name, copy));
	accounts_note_kind(accounts, copy);
	return 0;
}

/* Whether the texts are equal, in a time that does not depend on the first difference. */
static bool
accounts_equal(const char *a, const char *b)
{
	size_t n = strlen(a);
	unsigned char differs = 0;

	if (n != strlen(b))
		return false;
	for (size_t i = 0; i < n; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return differs == 0;
}

/* Whether the hash, which is that of this user, is the password's. name NULL: of any. */
static bool
accounts_compare(
    struct accounts *accounts, const char *name, const char *hash, const char *password)
{
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	const char *result;
	bool equal;

	result = crypt_r(password, hash, data);
	if (name != NULL && (result == NULL || *result == '*'))
		log_limited(&accounts->failures, LEVEL_ERROR,
		    "cannot verify the password of the user %s: crypt(3) does not know its "
		    "hash, or it needs more than 1 GB of memory",
		    name);
	equal = result != NULL && *result != '*' && accounts_equal(result, hash);
	mem_wiping_free(data);
	return equal;
}

bool
accounts_verify(struct accounts *accounts, const char *name, const char *password)
{
	const char *hash = map_get(accounts->hashes, name);

	if (strlen(password) > ACCOUNTS_PASSWORD_MAX)
		return false;
	if (hash != NULL)
		return accounts_compare(accounts, name, hash, password);
	if (accounts->slowest != NULL)
		(void)accounts_compare(accounts, NULL, accounts->slowest, password);
	return false;
}
