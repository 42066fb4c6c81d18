/* Daemonize: the daemon's session, descriptors and directory, and the resource limits. */
#include "master/daemon/daemonize.h"
#include "tests/unit/master/scratch.h"

#include <sys/wait.h>

/* Runs fn in a fork. Its log is written to a file, because daemonize closes its stdout. The
 * exit status. */
static int
in_child(struct scratch *scratch, int (*fn)(struct scratch *))
{
	int status, code;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		code = fn(scratch);
		scratch_write(scratch, "log", scratch->log);
		scratch_write(scratch, "done", "");
		_exit(code);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The daemon is not our child, so this waits for the file that it writes at its end. */
static void
await_daemon(const struct scratch *scratch)
{
	struct loop *loop = loop_new();
	int left;

	for (left = 1000; access(scratch_path(scratch, "done"), F_OK) == -1 && left > 0;
	     left--)
		loop_turn(loop, 10);
	loop_free(loop);
	assert_true(left > 0);
}

static bool
is_null(int fd)
{
	struct stat st, null;

	return fstat(fd, &st) == 0 && stat("/dev/null", &null) == 0 &&
	    st.st_rdev == null.st_rdev;
}

static int
become_daemon(struct scratch *scratch)
{
	char here[4096] = "", facts[5000];
	mode_t mask;
	pid_t before = getpid();

	if (daemonize(scratch->dir, 027) == -1)
		return 1;
	mask = umask(022);
	snprintf(facts, sizeof(facts), "%s %03o %d %d %d %d %d\n",
	    getcwd(here, sizeof(here)), mask, getsid(0) == getpid(), getpid() != before,
	    is_null(0), is_null(1), is_null(2));
	scratch_write(scratch, "facts", facts);
	return 0;
}

static void
test_daemon(void **state)
{
	struct scratch *scratch = *state;
	char want[256];

	assert_int_equal(in_child(scratch, become_daemon), 0);
	await_daemon(scratch);
	snprintf(want, sizeof(want), "%s 027 1 1 1 1 1\n", scratch->dir);
	scratch_expect(scratch, "facts", want);
	snprintf(want, sizeof(want),
	    "INFO daemonizing the supervisord process\n"
	    "INFO set current directory: '%s'\n",
	    scratch->dir);
	scratch_expect(scratch, "log", want);
}

static int
stay(struct scratch *scratch)
{
	(void)scratch;
	return daemonize(NULL, 022);
}

static int
go_nowhere(struct scratch *scratch)
{
	(void)scratch;
	return daemonize("/no/such", 022);
}

static void
test_directories(void **state)
{
	struct scratch *scratch = *state;

	assert_int_equal(in_child(scratch, stay), 0);
	await_daemon(scratch);
	scratch_expect(scratch, "log", "INFO daemonizing the supervisord process\n");
	assert_int_equal(unlink(scratch_path(scratch, "done")), 0);
	assert_int_equal(in_child(scratch, go_nowhere), 0);
	await_daemon(scratch);
	scratch_expect(scratch, "log",
	    "INFO daemonizing the supervisord process\n"
	    "CRIT can't chdir into '/no/such': "
	    "[Errno 2] No such file or directory: '/no/such'\n");
}

/* Only without CAP_SYS_RESOURCE is the hard limit a limit, so root becomes another user. */
static int
raise_files_too_far(struct scratch *scratch)
{
	struct rlimit limit = { .rlim_cur = 64, .rlim_max = 128 }, child = { 0, 0 };
	char *error = NULL;

	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		return 1;
	if (getuid() == 0 && setuid(65534) == -1)
		return 2;
	if (daemonize_raise_limits(129, 0, &child, &error) != -1 || error == NULL)
		return 3;
	scratch_sink(scratch, LEVEL_INFO, error, strlen(error));
	free(error);
	return child.rlim_cur == 0 ? 0 : 4;
}

static int
raise_processes_too_far(struct scratch *scratch)
{
	struct rlimit limit = { .rlim_cur = 64, .rlim_max = 128 }, child;
	char *error = NULL;

	if (setrlimit(RLIMIT_NPROC, &limit) == -1)
		return 1;
	if (getuid() == 0 && setuid(65534) == -1)
		return 2;
	if (daemonize_raise_limits(1, 129, &child, &error) != -1 || error == NULL)
		return 3;
	scratch_sink(scratch, LEVEL_INFO, error, strlen(error));
	free(error);
	return 0;
}

/* The texts as supervisord prints them, the repeated number included. */
static void
test_too_low(void **state)
{
	struct scratch *scratch = *state;

	if (scratch_in_valgrind())
		skip();
	/* The child writes here as another user. */
	assert_int_equal(chmod(scratch->dir, 0777), 0);
	assert_int_equal(in_child(scratch, raise_files_too_far), 0);
	scratch_expect(scratch, "log",
	    "INFO "
	    "The minimum number of file descriptors required to run this process is 129 as "
	    "per "
	    "the \"minfds\" command-line argument or config file setting. The current "
	    "environment will only allow you to open 129 file descriptors.  Either raise "
	    "the "
	    "number of usable file descriptors in your environment (see README.rst) or "
	    "lower "
	    "the minfds setting in the config file to allow the process to start.\n");
	assert_int_equal(unlink(scratch_path(scratch, "log")), 0);
	assert_int_equal(unlink(scratch_path(scratch, "done")), 0);
	assert_int_equal(in_child(scratch, raise_processes_too_far), 0);
	scratch_expect(scratch, "log",
	    "INFO "
	    "The minimum number of available processes required to run this program is 129 "
	    "as "
	    "per the \"minprocs\" command-line argument or config file setting. The "
	    "current "
	    "environment will only allow you to open 129 processes.  Either raise the "
	    "number "
	    "of usable processes in your environment (see README.rst) or lower the "
	    "minprocs "
	    "setting in the config file to allow the program to start.\n");
}

static int
raise_limits(struct scratch *scratch)
{
	struct rlimit limit = { .rlim_cur = 64, .rlim_max = 256 }, child, ours;
	char *error = NULL;

	(void)scratch;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		return 1;
	if (daemonize_raise_limits(100, -5, &child, &error) == -1)
		return 2;
	if (child.rlim_cur != 100 || child.rlim_max != 256)
		return 3;
	if (getrlimit(RLIMIT_NOFILE, &ours) == -1 || ours.rlim_cur != 256)
		return 4;
	/* The limit is high enough: nothing is logged. */
	return daemonize_raise_limits(200, 1, &child, &error) == 0 &&
		child.rlim_cur == 256 ?
	    0 :
	    5;
}

static void
test_raise(void **state)
{
	struct scratch *scratch = *state;

	if (scratch_in_valgrind())
		skip();
	assert_int_equal(in_child(scratch, raise_limits), 0);
	scratch_expect(scratch, "log", "INFO Increased RLIMIT_NOFILE limit to 100\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_daemon),
	    TEST(test_directories),
	    TEST(test_too_low),
	    TEST(test_raise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
