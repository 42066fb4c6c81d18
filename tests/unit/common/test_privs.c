#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/privs.h"

#define NOBODY 65534

/* Runs in a child, because privilege cannot be regained. Returns the exit status. */
static int
status_of(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid != -1);
	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
drop_as_root(void)
{
	static const gid_t groups[] = { 4321, NOBODY };
	uid_t r, e, s;
	gid_t rg, eg, sg, now[8];
	const char *what = NULL;

	if (privs_drop(NOBODY, NOBODY, groups, nitems(groups), &what) == -1)
		return 1;
	if (getresuid(&r, &e, &s) == -1 || r != NOBODY || e != NOBODY || s != NOBODY)
		return 2;
	if (getresgid(&rg, &eg, &sg) == -1 || rg != NOBODY || eg != NOBODY || sg != NOBODY)
		return 3;
	if (getgroups(nitems(now), now) != nitems(groups))
		return 4;
	if (setuid(0) == 0 || setgid(0) == 0 || setgroups(0, NULL) == 0)
		return 5;
	return 0;
}

static int
drop_refused(void)
{
	const char *what = NULL;

	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) == -1)
		return 1;
	if (privs_drop(12345, 12345, NULL, 0, &what) != -1 || errno != EPERM)
		return 2;
	return what != NULL && strcmp(what, "setgroups") == 0 ? 0 : 3;
}

/* The same user is kept: root stays root. */
static int
drop_to_root(void)
{
	const char *what = NULL;

	return privs_drop(0, 0, NULL, 0, &what) == 0 && geteuid() == 0 ? 0 : 1;
}

static void
test_drop(void **state)
{
	(void)state;
	assert_int_equal(status_of(drop_refused), 0);
	if (geteuid() != 0)
		skip();
	assert_int_equal(status_of(drop_as_root), 0);
	assert_int_equal(status_of(drop_to_root), 0);
}

static int
read_bounding(unsigned long long *set)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");
	int found = 0;

	if (f == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "CapBnd: %llx", set) == 1)
			found = 1;
	(void)fclose(f);
	return found ? 0 : -1;
}

static int
bounding_refused(void)
{
	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) == -1)
		return 1;
	return privs_drop_bounding() == -1 && errno == EPERM ? 0 : 2;
}

static int
bounding_emptied(void)
{
	unsigned long long set = 0;

	if (privs_drop_bounding() == -1 || read_bounding(&set) == -1)
		return 1;
	return set == 0 && privs_drop_bounding() == 0 ? 0 : 2;
}

static void
test_bounding(void **state)
{
	unsigned long long set = 0;

	(void)state;
	assert_int_equal(read_bounding(&set), 0);
	if (set == 0)
		skip();
	assert_int_equal(status_of(bounding_refused), 0);
	if (geteuid() != 0)
		skip();
	assert_int_equal(status_of(bounding_emptied), 0);
}

static int
close_some(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null == -1 || dup2(null, 100) == -1 || dup2(null, 200) == -1 ||
	    dup2(null, 99) == -1)
		return 1;
	privs_close_from(100);
	if (fcntl(100, F_GETFD) != -1 || fcntl(200, F_GETFD) != -1)
		return 2;
	return fcntl(99, F_GETFD) != -1 ? 0 : 3;
}

static void
test_close_from(void **state)
{
	(void)state;
	assert_int_equal(status_of(close_some), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_bounding),
		cmocka_unit_test(test_close_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
