#include "master/helper/verifier/accounts.h"

#include "common/log.h"
#include "common/loglimit.h"
#include "common/map.h"
#include "common/mem.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

struct accounts {
	struct map *hashes; /* by name; owned texts */
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

int
accounts_add(struct accounts *accounts, const char *name, const char *hash)
{
	char *copy;

	if (map_get(accounts->hashes, name) != NULL)
		return -1;
	copy = xstrdup(hash);
	mem_must(map_set(accounts->hashes, name, copy));
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

/* Whether the hash, which is that of this user, is the password's. */
static bool
accounts_compare(
    struct accounts *accounts, const char *name, const char *hash, const char *password)
{
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	const char *result;
	bool equal;

	result = crypt_r(password, hash, data);
	if (result == NULL || *result == '*')
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
	const char *hash = map_get(accounts->hashes, name), *first;
	size_t cursor = 0;

	if (strlen(password) > ACCOUNTS_PASSWORD_MAX)
		return false;
	if (hash != NULL)
		return accounts_compare(accounts, name, hash, password);
	hash = map_next(accounts->hashes, &cursor, &first);
	if (hash != NULL)
		(void)accounts_compare(accounts, first, hash, password);
	return false;
}
