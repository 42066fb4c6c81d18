/* Spawn with user=: identity, groups, and failures. */
#include "tests/unit/master/spawn_run.h"

static void
test_own_user(void **state)
{
	struct user user = { .uid = getuid(), .gid = 4242 };
	struct run run;

	run_shell(&run, state, "id -g");
	run.request.user = &user;
	finish(&run, launch(&run));
	assert_int_equal(atoi(run.text), getgid());
	assert_string_equal(run.wrong, "");
}

static void
test_user(void **state)
{
	gid_t groups[] = { 65534, 4242 };
	struct user user = { .uid = 65534, .gid = 65534, .groups = groups, .ngroups = 2 };
	char value[512];
	struct run run;
	pid_t pid;

	if (getuid() != 0)
		skip();
	run_shell(&run, state, "");
	run.request.user = &user;
	run.request.own_group = true;
	pid = run_cat(&run);
	assert_int_equal(getpgid(pid), pid);
	await_cat(&run);
	status_line(pid, "Uid:", value, sizeof(value));
	assert_string_equal(value, "\t65534\t65534\t65534\t65534");
	status_line(pid, "Gid:", value, sizeof(value));
	assert_string_equal(value, "\t65534\t65534\t65534\t65534");
	status_line(pid, "Groups:", value, sizeof(value));
	assert_string_equal(value, "\t4242 65534 ");
	assert_int_equal(getuid(), 0);
	assert_int_equal(geteuid(), 0);
	finish(&run, pid);
}

/* The child changes its directory with the privileges of the user. */
static void
test_user_directory(void **state)
{
	struct user user = { .uid = 65534, .gid = 65534 };
	char want[256];
	struct run run;

	if (getuid() != 0)
		skip();
	run_shell(&run, state, "");
	assert_int_equal(chmod(run.scratch->dir, 0700), 0);
	run.request.user = &user;
	run.request.directory = run.scratch->dir;
	snprintf(want, sizeof(want), "supervisor: couldn't chdir to %s: EACCES\n",
	    run.scratch->dir);
	expect_failure(&run, want);
}

/* Only root can become another user. If the test runs as root, a child drops to nobody. */
static void
test_not_root(void **state)
{
	struct user user = { .uid = 4243, .gid = 4243 };
	struct run run;
	int status;
	pid_t pid;

	run_shell(&run, state, "");
	run.request.user = &user;
	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (getuid() == 0 && setuid(65534) == -1)
			_exit(1);
		expect_failure(&run,
		    "supervisor: couldn't setuid to 4243: "
		    "Can't drop privilege as nonroot user\n");
		_exit(42);
	}
	leave(&run);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_own_user),
	    TEST(test_user),
	    TEST(test_user_directory),
	    TEST(test_not_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
