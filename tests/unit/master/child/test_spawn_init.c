/* What spawn_init leaves behind: each test looks at a process of its own. */
#include "master/child/spawn.h"
#include "tests/unit/master/scratch.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define PASSED 42

/* look returns PASSED, or what went wrong. */
static void
in_child(int (*look)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0)
		_exit(look());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), PASSED);
}

static int
look_at_descriptors(void)
{
	for (int fd = 0; fd < 64; fd++)
		close(fd);
	if (spawn_init(NULL) == -1 || spawn_init(NULL) == -1)
		return 1;
	return open("/dev/null", O_RDONLY) == 3 ? PASSED : 2;
}

/* 0 to 2 are open afterwards, so that no log file gets such a number. */
static void
test_standard_descriptors(void **state)
{
	(void)state;
	in_child(look_at_descriptors);
}

static int
look_at_limit(void)
{
	struct rlimit low = { .rlim_cur = 40 }, now;

	getrlimit(RLIMIT_NOFILE, &now);
	low.rlim_max = now.rlim_max;
	setrlimit(RLIMIT_NOFILE, &low);
	if (spawn_init(NULL) == -1 || getrlimit(RLIMIT_NOFILE, &now) == -1)
		return 1;
	return now.rlim_cur == 40 && now.rlim_max == low.rlim_max ? PASSED : 2;
}

/* The limit is raised later, and children get their own. */
static void
test_low_limit(void **state)
{
	(void)state;
	in_child(look_at_limit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_standard_descriptors),
	    cmocka_unit_test(test_low_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
