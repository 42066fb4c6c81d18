/* Access: each line of tests/data/auth/cases has username, password, Authorization
 * header ("-" = none) and the result, separated by tabs. */
#include "common/compiler.h"
#include "rpcd/http/access.h"
#include "tests/unit/rpcd/made_users.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES "tests/data/auth/cases"

static const char *const results[] = {
	[ACCESS_OK] = "ok",
	[ACCESS_REQUIRED] = "required",
	[ACCESS_WRONG] = "wrong",
	[ACCESS_MALFORMED] = "malformed",
	[ACCESS_UNVERIFIED] = "unverified",
};

/* A listener, its users and a client. */
struct place {
	struct setup_access access;
	struct users *users;
	bool is_unix, is_local, forwarded;
	struct caller_origin origin;
	struct caller caller; /* after `check` */
	struct access_given given;
};

static struct access_rules
rules_of(const struct place *p)
{
	return (struct access_rules){ &p->access, p->users, p->is_unix, 500 };
}

static enum access_result
check(struct place *p, const char *header)
{
	struct access_client client = {
	    .fd = -1, .is_local = p->is_local, .forwarded = p->forwarded};
	struct access_rules rules = rules_of(p);

	caller_clear(&p->caller);
	p->caller =
	    (struct caller){ .ceiling = ROLE_ADMIN, .origin = &p->origin, .section = "s" };
	access_given_clear(&p->given);
	return access_check(&rules, &client, header, &p->caller, &p->given);
}

static bool
unchanged(const struct place *p)
{
	struct access_client client = {
	    .fd = -1, .is_local = p->is_local, .forwarded = p->forwarded};
	struct access_rules rules = rules_of(p);

	return access_is_unchanged(&rules, &client, &p->caller);
}

static void
place_clear(struct place *p)
{
	caller_clear(&p->caller);
	access_given_clear(&p->given);
	setup_access_clear(&p->access);
	users_free(p->users);
}

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
	struct place p = { .access = access_of(username, password, NULL),
		.users = users_new(),
		.is_local = true };
	enum access_result got = check(&p, header);
	enum role role = caller_role(&p.caller);

	place_clear(&p);
	if (strcmp(results[got], want) == 0 &&
	    role == (got == ACCESS_OK ? ROLE_ADMIN : ROLE_NONE))
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

	(void)state;
	for (size_t len = 2; len < 60; len++) {
		struct place p = { .users = users_new() };
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
		p.access = access_of("u", text + 2, NULL);
		assert_int_equal(check(&p, header), ACCESS_OK);
		place_clear(&p);
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
		struct place p = {
		    .access = access_of(names[i % nitems(names)], NULL, c->role),
		    .users = users_new(),
		    .is_local = c->is_local,
		};

		assert_int_equal(check(&p, "Basic x"), ACCESS_OK);
		assert_int_equal(p.caller.kind, CALLER_OPEN);
		assert_int_equal(caller_role(&p.caller), c->want);
		/* A proxy speaks for another machine. */
		p.forwarded = true;
		assert_int_equal(check(&p, NULL), ACCESS_OK);
		assert_int_equal(
		    caller_role(&p.caller), c->role == NULL ? ROLE_STATES : c->want);
		place_clear(&p);
	}
}

/* unauthenticated_role does not replace the credentials that a listener requires. */
static void
test_role_is_no_way_round(void **state)
{
	struct place p = { .access = access_of("user", "123", "admin"),
		.users = users_new(),
		.is_local = true };

	(void)state;
	assert_int_equal(check(&p, NULL), ACCESS_REQUIRED);
	assert_int_equal(caller_role(&p.caller), ROLE_NONE);
	place_clear(&p);
}

/* ---- users ---- */

#define ANN_ONE "Basic YW5uOm9uZQ=="  /* ann:one */
#define ANN_TWO "Basic YW5uOnR3bw=="  /* ann:two */
#define USER_123 "Basic dXNlcjoxMjM=" /* user:123 */
#define CID_NUL "Basic Y2lkOnNsAG93"  /* cid:sl NUL ow */

static const char *const ann[] = {
	"{\"name\":\"ann\",\"role\":\"operate\",\"password\":\"one\",\"slow\":false}",
	NULL,
};

static const char *const ann_viewer[] = {
	"{\"name\":\"ann\",\"role\":\"view\",\"password\":\"one\",\"slow\":false}",
	NULL,
};

static const char *const slow[] = {
	"{\"name\":\"cid\",\"role\":\"view\",\"slow\":true}",
	NULL,
};

static void
test_users(void **state)
{
	struct place p = { .access = access_of("user", "123", NULL), .users = users_new() };

	(void)state;
	users_send(p.users, ann, NULL);
	assert_int_equal(check(&p, ANN_ONE), ACCESS_OK);
	assert_int_equal(p.caller.kind, CALLER_USER);
	assert_int_equal(caller_role(&p.caller), ROLE_OPERATE);
	assert_true(unchanged(&p));
	users_send(p.users, ann, NULL);
	assert_true(unchanged(&p));
	users_send(p.users, ann_viewer, NULL);
	assert_false(unchanged(&p));
	users_send(p.users, NULL, NULL);
	assert_false(unchanged(&p));
	assert_int_equal(check(&p, ANN_ONE), ACCESS_WRONG);
	users_send(p.users, ann, NULL);
	assert_int_equal(check(&p, ANN_TWO), ACCESS_WRONG);
	assert_int_equal(check(&p, USER_123), ACCESS_OK);
	assert_int_equal(p.caller.kind, CALLER_SERVER);
	assert_string_equal(results[check(&p, NULL)], "required");
	place_clear(&p);
}

/* Without credentials: a TCP listener with users needs them unless it has a role for
 * everybody; a Unix socket does not. */
static void
test_users_exist(void **state)
{
	struct place p = { .access = access_of(NULL, NULL, NULL),
		.users = users_new(),
		.is_local = true };
	struct access_rules rules;

	(void)state;
	assert_int_equal(check(&p, ANN_TWO), ACCESS_OK);
	assert_true(unchanged(&p));
	users_send(p.users, ann, NULL);
	assert_false(unchanged(&p));
	assert_int_equal(check(&p, NULL), ACCESS_REQUIRED);
	assert_int_equal(check(&p, "Digest x"), ACCESS_REQUIRED);
	rules = rules_of(&p);
	assert_true(access_is_closed(&rules));
	assert_int_equal(check(&p, ANN_TWO), ACCESS_WRONG);
	p.is_unix = true;
	assert_int_equal(check(&p, NULL), ACCESS_OK);
	assert_int_equal(caller_role(&p.caller), ROLE_ADMIN);
	assert_int_equal(check(&p, ANN_TWO), ACCESS_WRONG);
	rules = rules_of(&p);
	assert_false(access_is_closed(&rules));
	p.is_unix = false;
	setup_access_clear(&p.access);
	p.access = access_of(NULL, NULL, "states");
	assert_int_equal(check(&p, NULL), ACCESS_OK);
	assert_int_equal(caller_role(&p.caller), ROLE_STATES);
	place_clear(&p);
}

static void
test_peers(void **state)
{
	static const char *const peers[] = {
		"{\"group\":false,\"id\":1000,\"user\":\"ann\"}", NULL
	};
	static const struct {
		uid_t uid;
		bool forwarded;
		enum role want;
	} cases[] = {
		{0, false, ROLE_ADMIN},
		{500, false, ROLE_ADMIN},
		{1000, false, ROLE_OPERATE},
		{1001, false, ROLE_NONE},
		{CALLER_NOBODY, false, ROLE_NONE},
		{0, true, ROLE_NONE},
		{1000, true, ROLE_NONE},
	};
	struct place p = { .access = access_of(NULL, NULL, "admin"),
		.users = users_new(),
		.is_unix = true,
		.is_local = true };

	(void)state;
	users_send(p.users, ann, peers);
	for (size_t i = 0; i < nitems(cases); i++) {
		p.origin = (struct caller_origin){ .is_unix = true, .uid = cases[i].uid };
		p.forwarded = cases[i].forwarded;
		assert_int_equal(check(&p, NULL), ACCESS_OK);
		assert_int_equal(p.caller.kind, CALLER_PEER);
		assert_int_equal(caller_role(&p.caller), cases[i].want);
		assert_true(unchanged(&p));
	}
	/* Credentials come first, also wrong ones. */
	assert_int_equal(check(&p, ANN_TWO), ACCESS_WRONG);
	p.forwarded = false;
	assert_int_equal(check(&p, NULL), ACCESS_OK);
	users_send(p.users, ann, NULL);
	assert_false(unchanged(&p));
	assert_int_equal(check(&p, NULL), ACCESS_OK);
	assert_int_equal(p.caller.kind, CALLER_OPEN);
	assert_int_equal(caller_role(&p.caller), ROLE_ADMIN);
	place_clear(&p);
}

static void
test_slow(void **state)
{
	struct place p = { .access = access_of(NULL, NULL, NULL), .users = users_new() };
	struct access_rules rules = rules_of(&p);

	(void)state;
	users_send(p.users, slow, NULL);
	assert_int_equal(check(&p, CID_NUL), ACCESS_WRONG);
	assert_null(p.given.text);
	assert_int_equal(check(&p, ANN_ONE), ACCESS_UNVERIFIED);
	assert_int_equal(p.given.len, 7);
	assert_memory_equal(p.given.text, "ann\0one", 7);
	assert_int_equal(p.given.version, users_version(p.users));
	users_send(p.users, ann, NULL);
	assert_int_equal(access_check_again(&rules, &p.caller, &p.given), ACCESS_OK);
	assert_int_equal(caller_role(&p.caller), ROLE_OPERATE);
	place_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_without_authentication),
		cmocka_unit_test(test_role_is_no_way_round),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_users_exist),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
