/* Password: name and password are compared in full, and neither is kept as text. */
#include "common/compiler.h"
#include "rpcd/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <string.h>

#define SHA_OF_123 "{SHA}40bd001563085fc35165329ea1ff5c5ecbdbbeef"

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
	for (size_t i = 0; i < nitems(rows); i++) {
		struct password *p = password_new("user", rows[i].kept);

		assert_non_null(p);
		assert_int_equal(rows[i].want,
		    password_matches(p, rows[i].username, strlen(rows[i].username),
			rows[i].password, strlen(rows[i].password)));
		password_free(p);
	}
}

/* The struct contains neither the name nor the password. */
static void
test_keeps_no_text(void **state)
{
	char password[] = "open sesame, said Ali Baba";
	struct password *kept = password_new("Scheherazade the teller", password);
	size_t size = malloc_usable_size(kept);

	(void)state;
	if (kept == NULL)
		fail();
	assert_true(size >= 64);
	assert_null(memmem(kept, size, "sesame", 6));
	assert_null(memmem(kept, size, "hereza", 6));
	password_free(kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_keeps_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
