/* Spawn_init: each test runs it in a process of its own. */
#include "master/child/spawn.h"
#include "tests/unit/master/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define PASSED 42

/* look returns PASSED, or the number of the check that failed. */
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

/* Descriptors 0 to 2 are open afterwards, so that no log file gets one of them. */
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

/* A low limit is restored; it is raised later, and children get their own. */
static void
test_low_limit(void **state)
{
	(void)state;
	in_child(look_at_limit);
}

static int
spawn_under_low_limit(void)
{
	char word[] = "true", *argv[] = { word, NULL }, *envp[] = { NULL };
	const struct spawn_request request = { .path = "/bin/true",
		.argv = argv,
		.envp = envp,
		.fds = { -1, 0, -1 },
		.extra_fds = { -1, -1 },
		.umask = -1 };
	struct rlimit limit, low;

	if (spawn_init(NULL) == -1 || getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return 1;
	low = (struct rlimit){ .rlim_cur = 40, .rlim_max = limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &low);
	if (spawn_child(&request) != -1 || errno != EMFILE)
		return 2;
	setrlimit(RLIMIT_NOFILE, &limit);
	return spawn_child(&request) > 0 ? PASSED : 3;
}

/* The limit is lowered while the daemon runs, and restored. */
static void
test_limit_lowered_later(void **state)
{
	(void)state;
	in_child(spawn_under_low_limit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_standard_descriptors),
	    cmocka_unit_test(test_low_limit),
	    cmocka_unit_test(test_limit_lowered_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
