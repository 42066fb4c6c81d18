/* Paths in processes with limited rights, and paths that a user changes meanwhile. */
#include "tests/unit/common/safepath_tree.h"

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* Runs fn in a child as the user (0 = unchanged). */
static void
in_child(uid_t uid, void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (uid != 0 && (setgid(uid) == -1 || setuid(uid) == -1))
			_exit(2);
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("the child ended with %#x", (unsigned)status);
}

/* For a child, which cmocka's assertions would not end. */
#define CHECK(what)                                                                        \
	do {                                                                               \
		if (!(what)) {                                                             \
			(void)fprintf(stderr, "line %d: errno %d\n", __LINE__, errno);     \
			_exit(1);                                                          \
		}                                                                          \
	} while (0)

static void
as_ordinary_user(void)
{
	char why[SAFEPATH_WHY];
	struct safepath sp;

	CHECK(try_open("mine/link", APPEND, NULL, NULL) == 0);
	CHECK(try_open("rootlink/log", APPEND, NULL, NULL) == 0);
	CHECK(try_open("shared/mine", APPEND, NULL, NULL) == 0);
	CHECK(try_open("mine/umask/link", APPEND, NULL, NULL) == 0);
	/* Another user's link reaches only what that user can reach. */
	CHECK(try_open("other/attack", APPEND, NULL, why) == EACCES);
	CHECK(strstr(why, "uid 4322") != NULL);
	CHECK(try_open("other/create", APPEND, NULL, NULL) == EACCES);
	CHECK(try_open("other/read", O_RDONLY, NULL, NULL) == EACCES);
	CHECK(try_open("other/logs/log", APPEND, NULL, NULL) == 0);
	CHECK(safepath_find(&sp, at("other/attack"), 0) == 0);
	CHECK(safepath_remove(&sp, sp.name, NULL) == -1 && errno == EACCES);
	CHECK(safepath_rename(&sp, sp.name, "moved") == -1 && errno == EACCES);
	safepath_close(&sp);
}

static void
test_ordinary_user(void **state)
{
	(void)state;
	needs_root();
	make_file("mine/private", USER, 0600);
	make_link("mine/link", "log", USER);
	make_link("rootlink", "mine", 0);
	make_link("shared/mine", at("mine/log"), USER);
	make_dir("mine/umask", USER, 0775);
	make_link("mine/umask/link", "log", USER);
	make_link("other/attack", at("mine/private"), OTHER);
	make_link("other/read", at("mine/private"), OTHER);
	make_link("other/create", at("mine/made"), OTHER);
	make_link("other/logs", at("open"), OTHER);
	in_child(USER, as_ordinary_user);
	assert_false(exists("mine/made"));
}

static void
forbid_openat2(int error)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = nitems(code), .filter = code };

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void
without_openat2(void)
{
	static const int errors[] = { EPERM, ENOSYS };

	for (size_t i = 0; i < nitems(errors); i++) {
		forbid_openat2(errors[i]);
		CHECK(try_open("plain", APPEND, NULL, NULL) == 0);
		CHECK(try_open("none/x", APPEND, NULL, NULL) == ENOENT);
		if (geteuid() != 0)
			continue;
		CHECK(try_open("mine/attack", APPEND, NULL, NULL) == EACCES);
		CHECK(try_open("mine/log", APPEND, NULL, NULL) == 0);
	}
}

static void
test_without_openat2(void **state)
{
	(void)state;
	if (geteuid() == 0)
		make_link("mine/attack", at("safe/made"), USER);
	in_child(0, without_openat2);
	if (geteuid() == 0)
		expect_untouched();
}

/* Root that keeps its capabilities when it changes ids cannot switch to the user. */
static void
with_fixed_power(void)
{
	CHECK(prctl(PR_SET_SECUREBITS, 1 << 2) == 0); /* SECBIT_NO_SETUID_FIXUP */
	CHECK(try_open("mine/attack", APPEND, NULL, NULL) == EACCES);
	CHECK(try_open("mine/secret", APPEND, NULL, NULL) == EACCES);
	CHECK(try_open("mine/fine", APPEND, NULL, NULL) == 0);
}

static void
test_no_fixup(void **state)
{
	(void)state;
	needs_root();
	make_link("mine/attack", at("safe/made"), USER);
	make_link("mine/secret", at("safe/secret"), USER);
	make_link("mine/fine", "log", USER);
	in_child(0, with_fixed_power);
	expect_untouched();
}

static void
with_groups(void)
{
	gid_t groups[3] = { 5, 6, 7 }, got[8];

	CHECK(setgroups(3, groups) == 0);
	CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);
	CHECK(try_open("mine/grouped", APPEND, NULL, NULL) == EACCES);
	CHECK(getgroups(8, got) == 3 && got[2] == 7);
	CHECK(setfsuid((uid_t)-1) == 0 && setfsgid((gid_t)-1) == 0);
	CHECK(prctl(PR_GET_DUMPABLE) == 1);
	CHECK(open(at("safe/again"), O_WRONLY | O_CREAT, 0600) != -1);
}

/* Our groups give the owner of a link no rights, and are restored afterwards. */
static void
test_groups(void **state)
{
	(void)state;
	needs_root();
	make_dir("grouped", 0, 0770);
	assert_int_equal(chown(at("grouped"), 0, 6), 0);
	make_link("mine/grouped", at("grouped/log"), USER);
	in_child(0, with_groups);
	assert_false(exists("grouped/log"));
}

/* --- races -------------------------------------------------------------------- */

static volatile sig_atomic_t race_over;

static void
end_race(int signo)
{
	(void)signo;
	race_over = 1;
}

/* The user replaces log and logs by links to root's files, as fast as possible. */
static void
race_swap(void)
{
	const unsigned swap = RENAME_EXCHANGE;

	(void)signal(SIGTERM, end_race);
	while (!race_over) {
		(void)renameat2(AT_FDCWD, at("mine/logs"), AT_FDCWD, at("mine/evil"), swap);
		(void)renameat2(AT_FDCWD, at("mine/log"), AT_FDCWD, at("mine/trap"), swap);
	}
}

static pid_t
start_race(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (setgid(USER) == -1 || setuid(USER) == -1)
			_exit(2);
		race_swap();
		_exit(0);
	}
	return pid;
}

static void
race_once(const char *name)
{
	char why[SAFEPATH_WHY];
	struct safepath sp;
	struct stat st;
	int fd = safepath_open_path(at(name), APPEND, 0666, &st, why);

	if (fd != -1) {
		assert_int_equal(write(fd, "x", 1), 1);
		(void)close(fd);
	}
	if (safepath_find(&sp, at(name), 0) == 0) {
		fd = safepath_open(&sp, sp.name, O_WRONLY, 0, &st);
		if (fd != -1)
			(void)!safepath_truncate(&sp, fd, 0);
		if (fd != -1)
			(void)close(fd);
		(void)!safepath_rename(&sp, sp.name, "made");
		(void)!safepath_remove(&sp, "made", NULL);
	}
	safepath_close(&sp);
}

static void
test_race(void **state)
{
	int fds = count_fds(), i, status;
	pid_t pid;

	(void)state;
	needs_root();
	make_dir("mine/logs", USER, 0755);
	make_link("mine/evil", at("safe"), USER);
	make_file("mine/log", USER, 0644);
	make_link("mine/trap", at("safe/secret"), USER);
	pid = start_race();
	for (i = 0; i < 1500; i++) {
		race_once("mine/logs/secret");
		race_once("mine/log");
	}
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	expect_untouched();
	assert_int_equal(count_fds(), fds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_ordinary_user),
	    TEST(test_without_openat2),
	    TEST(test_no_fixup),
	    TEST(test_groups),
	    TEST(test_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
