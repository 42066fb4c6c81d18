/* Basic_auth: each line of tests/data/auth/cases has username, password, Authorization
 * header ("-" = none) and the result, separated by tabs. */
#include "common/compiler.h"
#include "rpcd/http/basic_auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
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

/* The access of a listener that the master announces with these members; role NULL =
 * none. */
static struct setup_access
access_of(const char *username, const char *password, const char *role)
{
	struct setup setup = { 0 };
	struct setup_access access;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	json_t *answer = json_pack("{s{si si ss ss si}}", "setup", "uid", 7, "gid", 8,
	    "confinement", "best", "loglevel", "info", "listeners", 1);
	json_t *params = json_pack("{ss ss? ss? ss?}", "kind", "tcp", "username", username,
	    "password", password, "unauthenticated_role", role);

	assert_int_equal(setup_read_hello(&setup, answer), 0);
	assert_int_equal(setup_notification(&setup, "setup.listener", params, &fd), 1);
	access = setup.listeners[0].access;
	setup.listeners[0].access = (struct setup_access){ 0 };
	setup_clear(&setup);
	json_decref(answer);
	json_decref(params);
	return access;
}

static bool
case_holds(char *line)
{
	const char *username = field(&line), *password = field(&line);
	const char *header = field(&line), *want = field(&line);
	struct setup_access access = access_of(username, password, NULL);
	enum role role = ROLE_MAX;
	enum auth_result got = basic_auth_check(&access, header, true, &role);

	setup_access_clear(&access);
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

/* The header of a password of any length is decoded and accepted. */
static void
test_lengths(void **state)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[64] = "u:", header[128];
	enum role role;

	(void)state;
	for (size_t len = 2; len < 60; len++) {
		struct setup_access access;
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
		access = access_of("u", text + 2, NULL);
		assert_int_equal(basic_auth_check(&access, header, false, &role), AUTH_OK);
		setup_access_clear(&access);
		text[len] = (char)('0' + (int)(len * 7 % 64));
	}
}

struct open_case {
	const char *role;
	bool is_local;
	enum role want;
};

/* A listener without a user name requires no credentials. */
static void
test_without_authentication(void **state)
{
	static const struct open_case cases[] = {
		{ NULL, true, ROLE_ADMIN },
		{ NULL, false, ROLE_STATES },
		{ "view", true, ROLE_VIEW },
		{ "operate", false, ROLE_OPERATE },
		{ "admin", false, ROLE_ADMIN },
		{ "none", true, ROLE_NONE },
	};
	static const char *const names[] = { NULL, "" };

	(void)state;
	for (size_t i = 0; i < nitems(cases) * nitems(names); i++) {
		const struct open_case *c = &cases[i / nitems(names)];
		struct setup_access access =
		    access_of(names[i % nitems(names)], NULL, c->role);
		enum role role = ROLE_MAX;

		assert_int_equal(
		    basic_auth_check(&access, "Basic x", c->is_local, &role), AUTH_OK);
		assert_int_equal(role, c->want);
	}
}

/* unauthenticated_role does not replace the credentials that a listener requires. */
static void
test_role_is_no_way_round(void **state)
{
	struct setup_access access = access_of("user", "123", "admin");
	enum role role = ROLE_MAX;

	(void)state;
	assert_int_equal(basic_auth_check(&access, NULL, true, &role), AUTH_REQUIRED);
	assert_int_equal(role, ROLE_NONE);
	setup_access_clear(&access);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_without_authentication),
		cmocka_unit_test(test_role_is_no_way_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
