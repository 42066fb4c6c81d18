/* Auth: tests/data/auth/cases, one a line: username, password, Authorization header ("-" =
 * none, fields parted by tabs), and the result. */
#include "common/compiler.h"
#include "rpcd/http/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES "tests/data/auth/cases"

static const char *const results[] = {
	[AUTH_OK] = "ok",
	[AUTH_REQUIRED] = "required",
	[AUTH_WRONG] = "wrong",
	[AUTH_MALFORMED] = "malformed",
};

static const char *
field(char **rest)
{
	const char *text = strsep(rest, "\t");

	assert_non_null(text);
	return strcmp(text, "-") == 0 ? NULL : text;
}

static bool
case_holds(char *line)
{
	const char *username = field(&line), *password = field(&line);
	const char *header = field(&line), *want = field(&line);
	struct auth *auth = auth_new(username, password, false, ROLE_NONE);
	enum role role = ROLE_MAX;
	enum auth_result got;

	assert_non_null(auth);
	got = auth_check(auth, header, true, &role);
	auth_free(auth);
	if (strcmp(results[got], want) == 0 &&
	    role == (got == AUTH_OK ? ROLE_ADMIN : ROLE_NONE))
		return true;
	print_error(
	    "%s %s %s: %s, not %s\n", username, password, header, results[got], want);
	return false;
}

static void
test_cases(void **state)
{
	FILE *f = fopen(CASES, "r");
	char *line = NULL;
	size_t room = 0, ran = 0, failed = 0;
	ssize_t len;

	(void)state;
	assert_non_null(f);
	while ((len = getline(&line, &room, f)) > 0) {
		if (*line == '#')
			continue;
		line[len - 1] = '\0';
		ran++;
		failed += !case_holds(line);
	}
	free(line);
	fclose(f);
	assert_true(ran > 20);
	assert_int_equal(failed, 0);
}

/* Every length decodes to itself: the header of a password of n bytes is accepted. */
static void
test_lengths(void **state)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[64] = "u:", header[128];
	enum role role;

	(void)state;
	for (size_t len = 2; len < 60; len++) {
		struct auth *auth;
		size_t out = strlen(strcpy(header, "Basic "));

		text[len] = '\0';
		for (size_t i = 0; i < len; i += 3) {
			unsigned group = (unsigned char)text[i] << 16;

			if (i + 1 < len)
				group |= (unsigned)(unsigned char)text[i + 1] << 8;
			if (i + 2 < len)
				group |= (unsigned char)text[i + 2];
			header[out++] = alphabet[group >> 18];
			header[out++] = alphabet[group >> 12 & 63];
			header[out++] = i + 1 < len ? alphabet[group >> 6 & 63] : '=';
			header[out++] = i + 2 < len ? alphabet[group & 63] : '=';
		}
		header[out] = '\0';
		auth = auth_new("u", text + 2, false, ROLE_NONE);
		assert_non_null(auth);
		assert_int_equal(auth_check(auth, header, false, &role), AUTH_OK);
		auth_free(auth);
		text[len] = (char)('0' + (int)(len * 7 % 64));
	}
}

struct open_case {
	bool has_role;
	enum role role;
	bool is_local;
	enum role want;
};

/* Without a user name nobody is asked for one. */
static void
test_without_authentication(void **state)
{
	static const struct open_case cases[] = {
		{ false, ROLE_NONE, true, ROLE_ADMIN },
		{ false, ROLE_NONE, false, ROLE_STATES },
		{ true, ROLE_VIEW, true, ROLE_VIEW },
		{ true, ROLE_OPERATE, false, ROLE_OPERATE },
		{ true, ROLE_ADMIN, false, ROLE_ADMIN },
		{ true, ROLE_NONE, true, ROLE_NONE },
	};
	static const char *const names[] = { NULL, "" };

	(void)state;
	for (size_t i = 0; i < nitems(cases) * nitems(names); i++) {
		const struct open_case *c = &cases[i / nitems(names)];
		struct auth *auth =
		    auth_new(names[i % nitems(names)], NULL, c->has_role, c->role);
		enum role role = ROLE_MAX;

		assert_non_null(auth);
		assert_int_equal(auth_check(auth, "Basic x", c->is_local, &role), AUTH_OK);
		assert_int_equal(role, c->want);
		auth_free(auth);
	}
}

/* The role of those without authentication opens no door to those who must have one. */
static void
test_role_is_no_way_round(void **state)
{
	struct auth *auth = auth_new("user", "123", true, ROLE_ADMIN);
	enum role role = ROLE_MAX;

	(void)state;
	assert_non_null(auth);
	assert_int_equal(auth_check(auth, NULL, true, &role), AUTH_REQUIRED);
	assert_int_equal(role, ROLE_NONE);
	auth_free(auth);
}

/* Neither name nor password is to be found in what auth keeps. */
static void
test_keeps_no_text(void **state)
{
	char password[] = "open sesame, said Ali Baba";
	struct auth *auth = auth_new("Scheherazade the teller", password, false, ROLE_NONE);

	size_t size = malloc_usable_size(auth);

	(void)state;
	if (auth == NULL)
		fail();
	assert_true(size >= 64);
	assert_null(memmem(auth, size, "sesame", 6));
	assert_null(memmem(auth, size, "hereza", 6));
	auth_free(auth);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_without_authentication),
		cmocka_unit_test(test_role_is_no_way_round),
		cmocka_unit_test(test_keeps_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
