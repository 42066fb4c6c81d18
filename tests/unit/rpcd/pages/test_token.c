/* Token: what it is bound to, and how long it is valid. */
#include "rpcd/pages/token.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define NOW ((int64_t)1764547200)
#define HOUR 3600
#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void
test_bound(void **state)
{
	struct token_key key, other;
	char token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(token_key_read(&key, KEY), 0);
	assert_int_equal(token_key_read(&other, NULL), 0);
	token_make(token, &key, "inet_http_server", "alice", NOW);
	assert_true(token_check(token, &key, "inet_http_server", "alice", NOW));
	assert_false(token_check(token, &key, "inet_http_server", "bob", NOW));
	assert_false(token_check(token, &key, "inet_http_server", "", NOW));
	assert_false(token_check(token, &key, "unix_http_server", "alice", NOW));
	assert_false(token_check(token, &other, "inet_http_server", "alice", NOW));
}

static void
test_age(void **state)
{
	struct token_key key;
	char token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(token_key_read(&key, KEY), 0);
	token_make(token, &key, "l", "", NOW);
	assert_true(token_check(token, &key, "l", "", NOW + 24 * HOUR));
	assert_false(token_check(token, &key, "l", "", NOW + 26 * HOUR));
	assert_true(token_check(token, &key, "l", "", NOW - HOUR));
	assert_false(token_check(token, &key, "l", "", NOW - 3 * HOUR));
}

static void
test_forged(void **state)
{
	static const char *const texts[] = { "", "-", "x", "ffffffffffffffffffffff-00",
		KEY, "0-" KEY, "-1-" KEY };
	struct token_key key;
	char token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(token_key_read(&key, KEY), 0);
	for (size_t i = 0; i < nitems(texts); i++)
		assert_false(token_check(texts[i], &key, "l", "", NOW));
	token_make(token, &key, "l", "", NOW);
	token[strlen(token) - 1] ^= 1;
	assert_false(token_check(token, &key, "l", "", NOW));
	token[strlen(token) - 1] = '\0';
	assert_false(token_check(token, &key, "l", "", NOW));
}

static void
test_keys(void **state)
{
	static const char *const texts[] = { "", "00", KEY "00", "x" KEY };
	struct token_key key;

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++)
		assert_int_equal(token_key_read(&key, texts[i]), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
