#include "master/config/values/users.h"
#include "tests/unit/master/scratch.h"

#include <grp.h>
#include <pwd.h>

/* A user of this machine: ours, else root. */
static const struct passwd *
some_user(void)
{
	const struct passwd *entry = getpwuid(getuid());

	return entry != NULL ? entry : getpwnam("root");
}

static void
test_by_name_and_number(void **state)
{
	const struct passwd *entry = some_user();
	char *why = NULL, number[32], *name = strdup(entry->pw_name);
	struct user *by_name, *by_number;

	(void)state;
	snprintf(number, sizeof(number), " %u ", entry->pw_uid);
	assert_int_equal(users_find(name, &by_name, &why), 0);
	assert_int_equal(users_find(number, &by_number, &why), 0);
	assert_int_equal(by_name->uid, by_number->uid);
	assert_int_equal(by_name->gid, by_number->gid);
	assert_int_equal(by_name->ngroups, by_number->ngroups);
	assert_string_equal(by_name->name, name);
	assert_string_equal(by_number->name, number);
	users_free(by_name);
	users_free(by_number);
	free(name);
}

/* The primary group is the first, and all groups that list the user are in the list. */
static void
test_groups(void **state)
{
	const struct group *group;
	struct user *user;
	char *why = NULL;
	bool found;

	(void)state;
	assert_int_equal(users_find("root", &user, &why), 0);
	assert_true(user->ngroups >= 1);
	assert_int_equal(user->groups[0], user->gid);
	setgrent();
	while ((group = getgrent()) != NULL) {
		for (char **member = group->gr_mem; *member != NULL; member++) {
			if (strcmp(*member, "root") != 0)
				continue;
			found = false;
			for (size_t i = 0; i < user->ngroups; i++)
				found = found || user->groups[i] == group->gr_gid;
			assert_true(found);
		}
	}
	endgrent();
	users_free(user);
}

static void
check_unknown(const char *text, const char *want)
{
	struct user *user;
	char *why = NULL;

	assert_int_equal(users_find(text, &user, &why), -1);
	assert_null(user);
	assert_string_equal(why, want);
	free(why);
}

static void
test_unknown(void **state)
{
	(void)state;
	check_unknown("no-such-user", "Invalid user name no-such-user");
	check_unknown("", "Invalid user name ");
	check_unknown("3999999999", "Invalid user id 3999999999");
	check_unknown("-1", "Invalid user id -1");
	check_unknown("4294967296", "Invalid user id 4294967296");
	check_unknown("99999999999999999999", "Invalid user id 99999999999999999999");
	users_free(NULL);
}

static void
test_owner(void **state)
{
	uid_t uid = 1;
	gid_t gid = 1;

	(void)state;
	assert_int_equal(users_find_owner("root", &uid, &gid), 0);
	assert_int_equal(uid, 0);
	assert_true(gid == (gid_t)-1);
	assert_int_equal(users_find_owner("0:0", &uid, &gid), 0);
	assert_int_equal(gid, 0);
	assert_int_equal(users_find_owner("root:no-such-group", &uid, &gid), -1);
	assert_int_equal(users_find_owner("no-such-user:root", &uid, &gid), -1);
	assert_int_equal(users_find_owner("root:", &uid, &gid), -1);
	assert_int_equal(users_find_owner(":root", &uid, &gid), -1);
}

static void
test_print_owner(void **state)
{
	static const struct {
		uid_t uid;
		gid_t gid;
		const char *text;
	} cases[] = {
		{ 0, 0, "root:root" },
		{ 0, (gid_t)-1, "root" },
		{ 3999999999U, 3999999998U, "3999999999:3999999998" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		char *text = users_print_owner(cases[i].uid, cases[i].gid);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_name_and_number),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_print_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
