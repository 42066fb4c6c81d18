/* Users: a table comes into effect as a whole or not at all, credentials that were verified
 * are remembered until then, and local users stand for others in the written order. */
#include "tests/unit/rpcd/made_users.h"

#include "common/compiler.h"

#include <stdlib.h>

#define SHA_OF_123 "{SHA}40bd001563085fc35165329ea1ff5c5ecbdbbeef"

static const char *const rows[] = {
	"{\"name\":\"ann\",\"role\":\"admin\",\"password\":\"one\",\"slow\":false}",
	"{\"name\":\"bob\",\"role\":\"view\",\"programs\":[\"web\"],"
	"\"password\":\"" SHA_OF_123 "\",\"slow\":false}",
	"{\"name\":\"-x<b>\",\"role\":\"view\",\"password\":\"two\",\"slow\":false}",
	NULL,
};

static const char *const slow_rows[] = {
	"{\"name\":\"ann\",\"role\":\"admin\",\"password\":\"one\",\"slow\":false}",
	"{\"name\":\"cid\",\"role\":\"operate\",\"methods\":[\"supervisor.shutdown\"],"
	"\"deny_methods\":[],\"slow\":true}",
	NULL,
};

static void
count_change(void *ctx)
{
	++*(unsigned *)ctx;
}

/* The name of the user, "wrong" or "unverified". */
static const char *
check_bytes(const struct users *users, const char *text, size_t len,
    struct credentials_digest *digest)
{
	struct credential given = { text, len };
	struct grant *grant = NULL;

	switch (users_check(users, &given, digest, &grant)) {
	case USERS_OK:
		return grant_user(grant);
	case USERS_UNVERIFIED:
		return "unverified";
	default:
		return "wrong";
	}
}

#define CHECK(users, text, digest) check_bytes(users, text, sizeof(text) - 1, digest)

static void
test_replaced(void **state UNUSED)
{
	struct users *users = users_new();
	struct credentials_digest digest;
	unsigned changes = 0;

	assert_non_null(users);
	users_observe(users, count_change, &changes);
	assert_false(users_exist(users));
	assert_string_equal(CHECK(users, "ann\0one", &digest), "wrong");
	users_send(users, rows, NULL);
	assert_int_equal(changes, 1);
	assert_true(users_exist(users));
	assert_string_equal(CHECK(users, "ann\0one", &digest), "ann");
	assert_string_equal(CHECK(users,
				"bob\0"
				"123",
				&digest),
	    "bob");
	assert_string_equal(CHECK(users, "-x<b>\0two", &digest), "-x<b>");
	assert_string_equal(CHECK(users, "ann\0two", &digest), "wrong");
	assert_string_equal(CHECK(users, "nobody\0one", &digest), "wrong");
	assert_false(grant_sees(users_grant(users, "bob"), "db", "db"));
	assert_null(users_grant(users, "cid"));
	/* The old table is in effect until the new one is complete. */
	assert_int_equal(users_message(users, "users.begin", "{}"), 1);
	assert_true(users_are_coming(users));
	assert_string_equal(CHECK(users, "ann\0one", &digest), "ann");
	assert_int_equal(users_message(users, "users.end", "{}"), 1);
	assert_false(users_are_coming(users));
	assert_false(users_exist(users));
	assert_string_equal(CHECK(users, "ann\0one", &digest), "wrong");
	assert_int_equal(changes, 2);
	users_free(users);
}

static void
test_malformed(void **state UNUSED)
{
	static const char *const bad[] = {
		"{}",
		"{\"name\":\"x\",\"role\":\"view\",\"password\":\"p\",\"slow\":true}",
		"{\"name\":\"x\",\"role\":\"king\",\"password\":\"p\",\"slow\":false}",
		"{\"name\":\"x\",\"password\":\"p\",\"slow\":false}",
		"{\"name\":\"x\",\"role\":\"view\",\"password\":\"p\",\"programs\":\"a\"}",
		"{\"name\":\"x\",\"role\":\"view\",\"password\":\"p\",\"methods\":[1]}",
	};
	struct users *users = users_new();

	assert_non_null(users);
	assert_int_equal(users_message(users, "stream.begin", "{}"), 0);
	assert_int_equal(users_message(users, "users.user", rows[0]), -1);
	assert_int_equal(users_message(users, "users.end", "{}"), -1);
	for (size_t i = 0; i < nitems(bad); i++) {
		assert_int_equal(users_message(users, "users.begin", "{}"), 1);
		if (users_message(users, "users.user", bad[i]) != -1)
			fail_msg("accepted: %s", bad[i]);
	}
	assert_int_equal(users_message(users, "users.begin", "{}"), 1);
	assert_int_equal(users_message(users, "users.user", rows[0]), 1);
	assert_int_equal(users_message(users, "users.user", rows[0]), -1);
	assert_int_equal(users_message(users, "users.peer", "{\"id\":1}"), -1);
	assert_int_equal(users_message(users, "users.peer", "{\"user\":\"ann\"}"), -1);
	users_free(users);
}

/* Passwords that no user can have never reach the verifier. */
static void
test_impossible(void **state UNUSED)
{
	struct users *users = users_new();
	struct credentials_digest digest;
	char text[1 + 1 + USERS_PASSWORD_MAX + 1] = "a";

	assert_non_null(users);
	users_send(users, slow_rows, NULL);
	memset(text + 2, 'x', USERS_PASSWORD_MAX + 1);
	assert_string_equal(
	    check_bytes(users, text, sizeof(text) - 1, &digest), "unverified");
	assert_string_equal(check_bytes(users, text, sizeof(text), &digest), "wrong");
	assert_string_equal(CHECK(users, "cid\0", &digest), "wrong");
	assert_string_equal(CHECK(users, "cid", &digest), "wrong");
	assert_string_equal(CHECK(users, "\0", &digest), "wrong");
	users_free(users);
}

static void
test_verified(void **state UNUSED)
{
	struct users *users = users_new();
	struct credentials_digest digest, later;
	uint64_t version;

	assert_non_null(users);
	users_send(users, slow_rows, NULL);
	version = users_version(users);
	/* Names that do not exist cost the same. */
	assert_string_equal(CHECK(users, "dora\0x", &digest), "unverified");
	assert_null(users_accept(users, version, "dora", &digest));
	assert_string_equal(CHECK(users, "ann\0two", &digest), "unverified");
	assert_null(users_accept(users, version, "ann", &digest));
	assert_string_equal(CHECK(users, "ann\0one", &digest), "ann");
	assert_string_equal(CHECK(users, "cid\0slow", &digest), "unverified");
	assert_ptr_equal(
	    users_accept(users, version, "cid", &digest), users_grant(users, "cid"));
	assert_string_equal(CHECK(users, "cid\0slow", &later), "cid");
	assert_string_equal(CHECK(users, "cid\0slower", &later), "unverified");
	/* Each user has one credential. */
	assert_non_null(users_accept(users, version, "cid", &later));
	assert_string_equal(CHECK(users, "cid\0slower", &later), "cid");
	assert_string_equal(CHECK(users, "cid\0slow", &digest), "unverified");
	/* The same table forgets them when it is sent again. */
	users_send(users, slow_rows, NULL);
	assert_string_equal(CHECK(users, "cid\0slower", &later), "unverified");
	assert_null(users_accept(users, version, "cid", &digest));
	users_free(users);
}

/* A user of peer_users= who has no password is as wrong for a login as an unknown name. */
static void
test_no_password(void **state UNUSED)
{
	static const char *const alone[] = {
		"{\"name\":\"eve\",\"role\":\"view\",\"slow\":false}", NULL
	};
	const char *const both[] = { slow_rows[1], alone[0], NULL };
	static const char *const peers[] = {
		"{\"group\":false,\"id\":1000,\"user\":\"eve\"}", NULL
	};
	struct users *users = users_new();
	struct credentials_digest digest;

	assert_non_null(users);
	users_send(users, alone, peers);
	assert_true(users_exist(users));
	assert_string_equal(grant_user(users_of_peer(users, 1000, NULL, 0)), "eve");
	assert_string_equal(CHECK(users, "eve\0", &digest), "wrong");
	assert_string_equal(CHECK(users, "eve\0x", &digest), "wrong");
	users_send(users, both, peers);
	assert_string_equal(CHECK(users, "eve\0", &digest), "wrong");
	assert_string_equal(CHECK(users, "eve\0x", &digest), "unverified");
	assert_null(users_accept(users, users_version(users), "eve", &digest));
	assert_string_equal(CHECK(users, "eve\0x", &digest), "unverified");
	users_free(users);
}

static void
test_peers(void **state UNUSED)
{
	static const char *const peers[] = {
		"{\"group\":false,\"id\":1000,\"user\":\"ann\"}",
		"{\"group\":true,\"id\":50,\"user\":\"bob\"}",
		"{\"group\":false,\"id\":1001,\"user\":\"ann\"}",
		"{\"group\":false,\"id\":1002,\"user\":\"nobody\"}",
		NULL,
	};
	static const gid_t groups[] = { 7, 50 };
	struct users *users = users_new();

	assert_non_null(users);
	assert_false(users_have_peers(users));
	users_send(users, rows, peers);
	assert_true(users_have_peers(users));
	assert_true(users_need_groups(users));
	assert_string_equal(grant_user(users_of_peer(users, 1000, groups, 2)), "ann");
	assert_string_equal(grant_user(users_of_peer(users, 1001, groups, 2)), "bob");
	assert_string_equal(grant_user(users_of_peer(users, 1001, groups, 1)), "ann");
	assert_string_equal(grant_user(users_of_peer(users, 9, groups, 2)), "bob");
	assert_null(users_of_peer(users, 9, NULL, 0));
	assert_null(users_of_peer(users, 50, NULL, 0));
	assert_null(users_of_peer(users, 1002, NULL, 0));
	users_send(users, rows, NULL);
	assert_false(users_have_peers(users));
	assert_false(users_need_groups(users));
	users_free(users);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_impossible),
		cmocka_unit_test(test_verified),
		cmocka_unit_test(test_no_password),
		cmocka_unit_test(test_peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
