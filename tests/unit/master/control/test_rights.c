/* Rights: which local users have the rights of which users. */
#include "master/control/rights.h"

#include "common/compiler.h"
#include "common/sock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#define OWN 50
#define ALICE 1000
#define BOB 1001
#define EVE 1002
#define OPERATORS 20
#define STAFF 30

static char *web[] = { (char *)(uintptr_t) "web", NULL };
static struct user_config users[] = {
	{ .name = (char *)(uintptr_t) "alice", .role = ROLE_ADMIN },
	{ .name = (char *)(uintptr_t) "bob", .role = ROLE_OPERATE, .programs = web },
};

/* The rights of a local user as text. */
static const char *
name_of(const struct grant *grant)
{
	return grant_user(grant) != NULL ? grant_user(grant) : role_name(grant_role(grant));
}

static struct rights *
rights_with(struct peer_config *peers, size_t n)
{
	struct config config = { .users = users, .nusers = nitems(users) };

	config.peers = (struct peer_list){ peers, n };
	return rights_new(&config, OWN);
}

static void
test_users(void **state UNUSED)
{
	struct rights *rights = rights_with(NULL, 0);
	struct grant *bob = rights_of_user(rights, "bob");

	assert_int_equal(grant_role(bob), ROLE_OPERATE);
	assert_false(grant_sees(bob, "db", "db"));
	assert_true(grant_sees_all(rights_of_user(rights, "alice")));
	assert_null(rights_of_user(rights, "Bob"));
	assert_null(rights_of_user(rights, ""));
	rights_free(rights);
	rights_free(NULL);
}

/* Without peer_users= the mode of the socket decides. */
static void
test_no_peers(void **state UNUSED)
{
	struct rights *rights = rights_with(NULL, 0);

	assert_string_equal(name_of(rights_of_peer(rights, EVE, NULL, 0)), "admin");
	assert_false(rights_need_groups(rights, EVE));
	rights_free(rights);
}

static void
test_peers(void **state UNUSED)
{
	static const gid_t groups[] = { 7, OPERATORS, STAFF };
	struct peer_config peers[] = {
		{ .id = ALICE, .user = (char *)(uintptr_t) "alice" },
		{ .is_group = true, .id = STAFF, .user = (char *)(uintptr_t) "nobody" },
		{ .is_group = true, .id = OPERATORS, .user = (char *)(uintptr_t) "bob" },
		{ .id = BOB, .user = (char *)(uintptr_t) "alice" },
	};
	const struct {
		uid_t uid;
		size_t ngroups;
		const char *want;
	} rows[] = {
		{ 0, 0, "admin" },
		{ OWN, 3, "admin" },
		{ ALICE, 3, "alice" }, /* the first entry for her */
		{ BOB, 2, "bob" },     /* his group stands before him */
		{ BOB, 1, "alice" },
		{ BOB, 3, "none" }, /* an entry of a user who does not exist */
		{ EVE, 2, "bob" },
		{ EVE, 1, "none" },
		{ OPERATORS, 0, "none" }, /* a user with the number of a group */
		{ (uid_t)-1, 0, "none" },
	};
	struct rights *rights = rights_with(peers, nitems(peers));

	for (size_t i = 0; i < nitems(rows); i++)
		assert_string_equal(
		    name_of(rights_of_peer(rights, rows[i].uid, groups, rows[i].ngroups)),
		    rows[i].want);
	assert_true(rights_need_groups(rights, EVE));
	assert_false(rights_need_groups(rights, 0));
	assert_false(rights_need_groups(rights, OWN));
	rights_free(rights);
	rights = rights_with(peers, 1);
	assert_false(rights_need_groups(rights, EVE));
	assert_string_equal(name_of(rights_of_peer(rights, EVE, groups, 3)), "none");
	rights_free(rights);
}

/* The kernel names this process. */
static void
test_socket(void **state UNUSED)
{
	struct peer_config peers[] = {
		{ .is_group = true, .id = getgid(), .user = (char *)(uintptr_t) "bob" },
	};
	struct rights *rights = rights_with(peers, 1);
	size_t count = 0;
	gid_t *groups;
	int fds[2];

	assert_int_equal(sock_pair(fds), 0);
	groups = sock_peer_groups(fds[0], &count);
	assert_non_null(groups);
	assert_true(count > 0);
	assert_int_equal(groups[count - 1], getgid());
	free(groups);
	assert_string_equal(name_of(rights_of_socket(rights, fds[0])),
	    getuid() == 0 || getuid() == OWN ? "admin" : "bob");
	close(fds[0]);
	close(fds[1]);
	assert_string_equal(name_of(rights_of_socket(rights, fds[0])), "none");
	assert_null(sock_peer_groups(fds[0], &count));
	rights_free(rights);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_no_peers),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_socket),
	};

	return cmocka_run_group_tests_name("rights", tests, NULL, NULL);
}
