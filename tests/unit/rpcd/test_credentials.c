/* Credentials: name and password are compared in full, neither is kept as text, and what
 * was remembered is forgotten. */
#include "common/compiler.h"
#include "rpcd/credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define SHA_OF_123 "{SHA}40bd001563085fc35165329ea1ff5c5ecbdbbeef"

static int values[4]; /* their addresses are the values */

/* The value of a name and a password; both are texts. */
static void *
find(const struct credentials *c, const char *user, const char *password,
    struct credentials_digest *digest)
{
	size_t len = strlen(user) + 1 + strlen(password);
	char *text = malloc(len + 1);
	void *value;

	assert_non_null(text);
	strcpy(text, user);
	strcpy(text + strlen(user) + 1, password);
	value = credentials_find(c, &(struct credential){ text, len }, digest);
	free(text);
	return value;
}

static const struct {
	const char *kept, *username, *password;
	bool want;
} rows[] = {
	{"123", "user", "123", true},
	{"123", "user", "124", false},
	{"123", "user", "12", false},
	{"123", "user", "1234", false},
	{"123", "user", "", false},
	{"123", "usr", "123", false},
	{"123", "User", "123", false},
	{"123", "", "123", false},
	{"", "user", "", true},
	{SHA_OF_123, "user", "123", true},
	{SHA_OF_123, "user", SHA_OF_123, false},
	{SHA_OF_123, "user", &SHA_OF_123[5], false},
	{SHA_OF_123, "other", "123", false},
};

static void
test_rows(void **state UNUSED)
{
	struct credentials_digest digest;

	for (size_t i = 0; i < nitems(rows); i++) {
		struct credentials *c = credentials_new();

		assert_non_null(c);
		assert_int_equal(credentials_add(c, "user", rows[i].kept, &values[1]), 0);
		assert_ptr_equal(rows[i].want ? &values[1] : NULL,
		    find(c, rows[i].username, rows[i].password, &digest));
		credentials_free(c);
	}
}

/* Each user has its own value; the same password of two users is no mistake. */
static void
test_several(void **state UNUSED)
{
	struct credentials *c = credentials_new();
	struct credentials_digest digest;

	assert_non_null(c);
	assert_null(find(c, "a", "1", &digest));
	assert_int_equal(credentials_add(c, "a", "1", &values[0]), 0);
	assert_int_equal(credentials_add(c, "b", "1", &values[1]), 0);
	assert_int_equal(credentials_add(c, "c", SHA_OF_123, &values[2]), 0);
	assert_ptr_equal(find(c, "a", "1", &digest), &values[0]);
	assert_ptr_equal(find(c, "b", "1", &digest), &values[1]);
	assert_ptr_equal(find(c, "c", "123", &digest), &values[2]);
	assert_null(find(c, "a", "123", &digest));
	assert_null(find(c, "c", "1", &digest));
	credentials_free(c);
}

static void
test_remembered(void **state UNUSED)
{
	struct credentials *c = credentials_new();
	struct credentials_digest digest, other;

	assert_non_null(c);
	assert_null(find(c, "a", "slow", &digest));
	assert_int_equal(credentials_remember(c, &digest, &values[3]), 0);
	assert_ptr_equal(find(c, "a", "slow", &other), &values[3]);
	assert_memory_equal(&digest, &other, sizeof(digest));
	assert_null(find(c, "a", "slower", &other));
	credentials_forget(c, &other);
	assert_ptr_equal(find(c, "a", "slow", &other), &values[3]);
	credentials_forget(c, &digest);
	assert_null(find(c, "a", "slow", &other));
	credentials_free(c);
}

/* A digest of one table is worth nothing in another one. */
static void
test_keys_differ(void **state UNUSED)
{
	struct credentials *c = credentials_new(), *d = credentials_new();
	struct credentials_digest of_c, of_d;

	assert_non_null(c);
	assert_non_null(d);
	assert_null(find(c, "a", "1", &of_c));
	assert_null(find(d, "a", "1", &of_d));
	assert_memory_not_equal(&of_c, &of_d, sizeof(of_c));
	credentials_free(c);
	credentials_free(d);
}

/* The table contains neither the name nor the password. */
static void
test_keeps_no_text(void **state UNUSED)
{
	char password[] = "open sesame, said Ali Baba";
	struct credentials *kept = credentials_new();
	size_t size = malloc_usable_size(kept);

	assert_non_null(kept);
	assert_int_equal(
	    credentials_add(kept, "Scheherazade the teller", password, &values[0]), 0);
	assert_true(size >= 40);
	assert_null(memmem(kept, size, "sesame", 6));
	assert_null(memmem(kept, size, "hereza", 6));
	credentials_free(kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_remembered),
		cmocka_unit_test(test_keys_differ),
		cmocka_unit_test(test_keeps_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
