/* Password hash: the hash is that of the password, and bad passwords are refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/commands/password_hash.h"

static void
test_hashes(void **state)
{
	const char *method;
	size_t n = 0;

	(void)state;
	for (; (method = password_hash_method(n)) != NULL; n++) {
		char *why = NULL, *hash = password_hash_make(method, "correct horse", &why);
		char *other = password_hash_make(method, "correct horse", &why);

		assert_non_null(hash);
		assert_non_null(other);
		assert_string_not_equal(hash, other);
		assert_string_equal(crypt("correct horse", hash), hash);
		assert_string_not_equal(crypt("correct hors", hash), hash);
		free(hash);
		free(other);
	}
	assert_int_equal(n, 2);
}

static void
test_unknown_method(void **state)
{
	char *why = NULL;

	(void)state;
	assert_null(password_hash_make("md5", "x", &why));
	assert_string_equal(why, "there is no method md5; use yescrypt or sha512crypt");
	free(why);
}

static void
test_refused(void **state)
{
	char text[PASSWORD_HASH_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_null(password_hash_refuse(text, PASSWORD_HASH_MAX));
	assert_string_equal(
	    password_hash_refuse(text, sizeof(text)), "has more than 511 bytes");
	assert_null(password_hash_refuse(" ", 1));
	assert_null(password_hash_refuse("p\xc3\xa4 \xf0\x9f\x94\x91", 8));
	assert_string_equal(password_hash_refuse("", 0), "is empty");
	assert_string_equal(password_hash_refuse("\0", 1), "has a control character");
	assert_string_equal(password_hash_refuse("a\x7f", 2), "has a control character");
	assert_string_equal(
	    password_hash_refuse("a\xc2\x9f", 3), "has a control character");
	assert_string_equal(password_hash_refuse("a\xc3", 2), "is not UTF-8");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_unknown_method),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
