/* Pidfile: how it is written, replaced and removed, and whose file it is. */
#include "master/daemon/pidfile.h"
#include "tests/unit/master/scratch.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define USER 65534

static int
count_entries(const struct scratch *scratch)
{
	DIR *stream = opendir(scratch->dir);
	int n = 0;

	while (readdir(stream) != NULL)
		n++;
	closedir(stream);
	return n - 2;
}

static void
expect_pid(const struct scratch *scratch, const char *name)
{
	char want[32];

	snprintf(want, sizeof(want), "%d\n", (int)getpid());
	scratch_expect(scratch, name, want);
}

static void
test_write(void **state)
{
	struct scratch *scratch = *state;
	struct safepath_id made;
	mode_t mask = umask(027);
	char want[128];
	struct stat st;

	scratch_write(scratch, "pid", "something longer than a pid\n");
	assert_true(pidfile_write(scratch_path(scratch, "pid"), &made));
	umask(mask);
	expect_pid(scratch, "pid");
	assert_int_equal(stat(scratch_path(scratch, "pid"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	snprintf(
	    want, sizeof(want), "INFO supervisord started with pid %d\n", (int)getpid());
	assert_string_equal(scratch->log, want);
	assert_int_equal(count_entries(scratch), 1);
	pidfile_remove(scratch_path(scratch, "pid"), &made);
	scratch_expect(scratch, "pid", NULL);
	pidfile_remove(scratch_path(scratch, "pid"), &made);
	scratch_forget(scratch);
	assert_false(pidfile_write("/no/such/pid", &made));
	assert_string_equal(scratch->log,
	    "CRIT could not write pidfile /no/such/pid\n"
	    "ERRO pidfile /no/such/pid: No such file or "
	    "directory\n");
	assert_false(pidfile_write(scratch->dir, &made));
	pidfile_remove(scratch->dir, &made);
}

/* A daemon does not remove the pidfile of a second daemon, even when that got the inode
 * number of its own. */
static void
test_second(void **state)
{
	struct scratch *scratch = *state;
	struct safepath_id first, second;
	struct stat st;

	assert_true(pidfile_write(scratch_path(scratch, "pid"), &first));
	assert_true(pidfile_write(scratch_path(scratch, "pid"), &second));
	pidfile_remove(scratch_path(scratch, "pid"), &first);
	expect_pid(scratch, "pid");
	scratch_write(scratch, "pid", "1\n");
	assert_int_equal(stat(scratch_path(scratch, "pid"), &st), 0);
	second = safepath_id_of(&st);
	pidfile_remove(scratch_path(scratch, "pid"), &second);
	scratch_expect(scratch, "pid", "1\n");
}

/* A device or FIFO is written to, and is not removed. */
static void
test_devices(void **state)
{
	struct scratch *scratch = *state;
	int fds[2], fd;
	struct safepath_id made;
	char path[32], got[32];
	struct stat st;

	/* A node of our own, so that a failing test cannot remove /dev/null. */
	if (geteuid() == 0) {
		assert_int_equal(
		    mknod(scratch_path(scratch, "null"), S_IFCHR | 0666, 0x103), 0);
		assert_true(pidfile_write(scratch_path(scratch, "null"), &made));
		pidfile_remove(scratch_path(scratch, "null"), &made);
		assert_int_equal(stat(scratch_path(scratch, "null"), &st), 0);
		assert_true(S_ISCHR(st.st_mode));
	}
	assert_int_equal(mkfifo(scratch_path(scratch, "fifo"), 0600), 0);
	assert_false(pidfile_write(scratch_path(scratch, "fifo"), &made));
	fd = open(scratch_path(scratch, "fifo"), O_RDONLY | O_NONBLOCK);
	assert_true(pidfile_write(scratch_path(scratch, "fifo"), &made));
	pidfile_remove(scratch_path(scratch, "fifo"), &made);
	assert_int_equal(access(scratch_path(scratch, "fifo"), F_OK), 0);
	close(fd);
	assert_int_equal(pipe(fds), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[1]);
	assert_true(pidfile_write(path, &made));
	assert_true(read(fds[0], got, sizeof(got)) > 0);
	assert_int_equal(atoi(got), getpid());
	close(fds[0]);
	close(fds[1]);
	assert_false(pidfile_write(path, &made));
	if (access("/dev/full", W_OK) == 0)
		assert_false(pidfile_write("/dev/full", &made));
}

/* On a full disk the old pidfile stays, or no file is created. */
static void
test_full_disk(void **state)
{
	struct scratch *scratch = *state;
	struct rlimit before, none;
	struct safepath_id made;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_false(pidfile_write(scratch_path(scratch, "pid"), &made));
	pidfile_remove(scratch_path(scratch, "pid"), &made);
	assert_int_equal(count_entries(scratch), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	scratch_write(scratch, "pid", "12345\n");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_false(pidfile_write(scratch_path(scratch, "pid"), &made));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	scratch_expect(scratch, "pid", "12345\n");
	assert_int_equal(count_entries(scratch), 1);
}

/* Runs in a fork as the user. */
static void
overwrite_as_user(const char *path)
{
	struct safepath_id made;

	if (setgid(USER) == -1 || setuid(USER) == -1 || !pidfile_write(path, &made))
		_exit(1);
	pidfile_remove(path, &made);
	_exit(0);
}

/* An ordinary user's pidfile in root's directory, as a package may install it. */
static void
test_no_new_files(void **state)
{
	struct scratch *scratch = *state;
	int status;
	char *text;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	scratch_write(scratch, "pid", "something longer than a pid\n");
	assert_int_equal(chown(scratch_path(scratch, "pid"), USER, USER), 0);
	pid = fork();
	if (pid == 0)
		overwrite_as_user(scratch_path(scratch, "pid"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	text = scratch_read(scratch, "pid", NULL);
	assert_int_equal(atoi(text), pid);
	assert_int_equal(strlen(strchr(text, '\n')), 1);
	free(text);
}

/* Root does not follow the links in a user's directory. */
static void
test_attack(void **state)
{
	struct scratch *scratch = *state;
	char safe[96], target[128];
	struct safepath_id made;
	struct stat st;

	if (geteuid() != 0)
		skip();
	snprintf(safe, sizeof(safe), "%s.safe", scratch->dir);
	snprintf(target, sizeof(target), "%s/made", safe);
	assert_int_equal(mkdir(safe, 0755), 0);
	assert_int_equal(symlink(target, scratch_path(scratch, "pid")), 0);
	assert_int_equal(lchown(scratch_path(scratch, "pid"), USER, USER), 0);
	assert_int_equal(chown(scratch->dir, USER, USER), 0);
	assert_false(pidfile_write(scratch_path(scratch, "pid"), &made));
	assert_true(scratch_logged(scratch, "rights of its owner, uid 65534"));
	assert_int_equal(lstat(target, &st), -1);
	/* A link that is created while we run. */
	assert_int_equal(unlink(scratch_path(scratch, "pid")), 0);
	assert_true(pidfile_write(scratch_path(scratch, "pid"), &made));
	assert_int_equal(rename(scratch_path(scratch, "pid"), target), 0);
	assert_int_equal(symlink(target, scratch_path(scratch, "pid")), 0);
	assert_int_equal(lchown(scratch_path(scratch, "pid"), USER, USER), 0);
	pidfile_remove(scratch_path(scratch, "pid"), &made);
	assert_int_equal(unlink(target), 0);
	assert_int_equal(rmdir(safe), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_write),
	    TEST(test_second),
	    TEST(test_devices),
	    TEST(test_full_disk),
	    TEST(test_no_new_files),
	    TEST(test_attack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
