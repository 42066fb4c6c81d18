/* Spawn: each test runs real programs and checks them through /proc or their output. */
#include "tests/unit/master/spawn_run.h"

#include <sys/syscall.h>

static void
test_streams(void **state)
{
	struct run run;

	run_shell(&run, state, "read line; echo \"got $line\"; echo bad >&2; exit 3");
	assert_int_equal(write(run.input, "input\n", 6), 6);
	finish(&run, launch(&run));
	assert_string_equal(run.text, "got input\n");
	assert_string_equal(run.wrong, "bad\n");
	assert_int_equal(WEXITSTATUS(run.status), 3);
}

static void
test_same_descriptor(void **state)
{
	struct run run;

	run_shell(&run, state, "echo one; echo two >&2");
	run.request.fds[2] = run.request.fds[1];
	finish(&run, launch(&run));
	assert_string_equal(run.text, "one\ntwo\n");
	assert_string_equal(run.wrong, "");
}

static size_t
list_descriptors(pid_t pid, char *out, size_t size)
{
	char path[64];
	struct dirent *entry;
	size_t n = 0;
	DIR *stream;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	assert_non_null(stream = opendir(path));
	memset(out, 0, size);
	while ((entry = readdir(stream)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		n++;
		if (atoi(entry->d_name) < (int)size)
			out[atoi(entry->d_name)] = 1;
	}
	closedir(stream);
	return n;
}

/* The child has three or four descriptors, however many we have, even inheritable ones. */
static void
test_descriptors(void **state)
{
	char seen[8];
	int ours[200];
	struct run run;
	size_t i;
	pid_t pid;

	run_shell(&run, state, "");
	for (i = 0; i < nitems(ours); i++)
		ours[i] = open("/dev/null", O_RDONLY);
	pid = run_cat(&run);
	await_cat(&run);
	assert_int_equal(list_descriptors(pid, seen, sizeof(seen)), 3);
	assert_true(seen[0] && seen[1] && seen[2]);
	finish(&run, pid);
	for (i = 0; i < nitems(ours); i++)
		assert_int_equal(close(ours[i]), 0);
}

static void
test_extra(void **state)
{
	struct run run;
	char seen[8];
	pid_t pid;

	run_shell(&run, state, "");
	run.request.extra_fds[0] = run.child[0];
	pid = run_cat(&run);
	await_cat(&run);
	assert_int_equal(list_descriptors(pid, seen, sizeof(seen)), 4);
	assert_true(seen[3]);
	finish(&run, pid);
	run_shell(&run, state, "cat <&3");
	run.request.extra_fds[0] = run.child[0];
	run.request.fds[0] = run.child[1];
	assert_int_equal(write(run.input, "three", 5), 5);
	finish(&run, launch(&run));
	assert_string_equal(run.text, "three");
}

static void
expect_mask(pid_t pid, const char *key, unsigned long long want)
{
	char value[512];

	status_line(pid, key, value, sizeof(value));
	assert_int_equal(strtoull(value, NULL, 16), want);
}

static void
test_signals(void **state)
{
	static const uint64_t ignored[4] = { 1 }; /* the kernel's struct: SIG_IGN */
	sigset_t blocked, before, after;
	struct run run;
	pid_t pid;

	run_shell(&run, state, "");
	/* A signal that the C library reserves, and signal() does not accept. */
	assert_int_equal(syscall(SYS_rt_sigaction, 32, ignored, NULL, sizeof(uint64_t)), 0);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGCHLD);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
	pid = run_cat(&run);
	await_cat(&run);
	expect_mask(pid, "SigBlk:", 0);
	expect_mask(pid, "SigIgn:", 1ULL << (SIGPIPE - 1) | 1ULL << (SIGXFSZ - 1));
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, &after), 0);
	assert_true(sigismember(&after, SIGTERM));
	assert_false(sigismember(&after, SIGINT));
	assert_true(signal(SIGHUP, SIG_DFL) == SIG_IGN);
	assert_true(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
	assert_true(signal(SIGPIPE, SIG_IGN) == SIG_DFL);
	finish(&run, pid);
}

static void
test_default_signals(void **state)
{
	struct run run;
	pid_t pid;

	run_shell(&run, state, "");
	run.request.default_signals = true;
	pid = run_cat(&run);
	await_cat(&run);
	expect_mask(pid, "SigIgn:", 0);
	finish(&run, pid);
}

static void
test_given_mask(void **state)
{
	struct run run;
	sigset_t mask;
	pid_t pid;

	run_shell(&run, state, "");
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	run.request.mask = &mask;
	pid = run_cat(&run);
	await_cat(&run);
	expect_mask(pid, "SigBlk:", 1ULL << (SIGUSR2 - 1));
	finish(&run, pid);
}

static void
test_group(void **state)
{
	struct run run;
	pid_t pid;

	run_shell(&run, state, "");
	run.request.own_group = true;
	pid = run_cat(&run);
	assert_int_equal(getpgid(pid), pid);
	assert_int_equal(getsid(pid), getsid(0));
	finish(&run, pid);
	run_shell(&run, state, "");
	pid = run_cat(&run);
	assert_int_equal(getpgid(pid), getpgid(0));
	finish(&run, pid);
}

static void
test_surroundings(void **state)
{
	struct rlimit limit = { .rlim_cur = 77, .rlim_max = 99 }, ours;
	mode_t mask = umask(022);
	char want[256], here[4096], *envp[] = { (char[]){ "A=b c" }, NULL };
	struct run run;

	umask(mask);
	if (scratch_in_valgrind())
		skip();
	assert_non_null(getcwd(here, sizeof(here)));
	run_shell(&run, state, "pwd; umask; ulimit -Sn; ulimit -Hn; echo \"$A/$HOME\"");
	run.request.directory = run.scratch->dir;
	run.request.umask = 0137;
	run.request.nofile = &limit;
	run.request.envp = envp;
	finish(&run, launch(&run));
	snprintf(want, sizeof(want), "%s\n0137\n77\n99\nb c/\n", run.scratch->dir);
	assert_string_equal(run.text, want);
	assert_non_null(getcwd(want, sizeof(want)));
	assert_string_equal(want, here);
	assert_int_equal(umask(mask), mask);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &ours), 0);
	assert_int_not_equal(ours.rlim_max, 99);
}

static void
test_failures(void **state)
{
	char want[256];
	struct run run;

	run_shell(&run, state, "");
	run.request.directory = "/no/such/dir";
	expect_failure(&run, "supervisor: couldn't chdir to /no/such/dir: ENOENT\n");
	run_shell(&run, state, "");
	run.request.directory = "/etc/passwd";
	expect_failure(&run, "supervisor: couldn't chdir to /etc/passwd: ENOTDIR\n");
	run_shell(&run, state, "");
	scratch_write(run.scratch, "junk", "no program\n");
	assert_int_equal(chmod(scratch_path(run.scratch, "junk"), 0755), 0);
	run.request.path = scratch_path(run.scratch, "junk");
	expect_failure(&run, "supervisor: couldn't exec sh: ENOEXEC\n");
	run_shell(&run, state, "");
	run.request.path = "/no/such/program";
	snprintf(want, sizeof(want), "supervisor: couldn't exec sh: ENOENT\n");
	expect_failure(&run, want);
}

/* The pipe is read after the child has ended, so the message must fit into it. */
static void
test_long_failure(void **state)
{
	static char directory[100000];
	struct run run;
	pid_t pid;

	memset(directory, 'd', sizeof(directory) - 1);
	run_shell(&run, state, "");
	run.request.directory = directory;
	alarm(20);
	pid = launch(&run);
	finish(&run, pid);
	assert_int_equal(WEXITSTATUS(run.status), 127);
	assert_memory_equal(run.wrong, "supervisor: couldn't chdir to ddd", 33);
	assert_non_null(
	    strstr(run.wrong, "d\nsupervisor: child process was not spawned\n"));
}

static void
test_bad_request(void **state)
{
	struct run run;
	pid_t pid;

	run_shell(&run, state, "echo fine");
	run.request.fds[1] = 1 << 20;
	assert_int_equal(spawn_child(&run.request), -1);
	assert_int_equal(errno, EBADF);
	run.request.fds[1] = run.child[1];
	pid = launch(&run);
	finish(&run, pid);
	assert_string_equal(run.text, "fine\n");
}

static void
test_null_descriptors(void **state)
{
	struct run run;
	pid_t pid;

	run_shell(
	    &run, state, "echo lost; where=$(readlink /proc/$$/fd/1); echo $where >&2");
	run.request.fds[1] = -1;
	pid = launch(&run);
	finish(&run, pid);
	assert_string_equal(run.text, "");
	assert_string_equal(run.wrong, "/dev/null\n");
}

/* Runs in the child, which has a copy of our memory, and only its own descriptors. */
static int
say_and_count(void *ctx)
{
	struct run *run = ctx;
	int others = 0;

	for (int fd = 3; fd < 256; fd++)
		others += fcntl(fd, F_GETFD) != -1;
	dprintf(1, "%d %s\n", others, run->wrong);
	run->wrong[0] = '\0';
	return 7;
}

static void
test_function(void **state)
{
	struct run run;
	pid_t pid;

	run_shell(&run, state, "echo not this");
	snprintf(run.wrong, sizeof(run.wrong), "from the parent");
	run.request.run = say_and_count;
	run.request.run_ctx = &run;
	pid = launch(&run);
	assert_string_equal(run.wrong, "from the parent");
	finish(&run, pid);
	assert_string_equal(run.text, "0 from the parent\n");
	assert_true(WIFEXITED(run.status));
	assert_int_equal(WEXITSTATUS(run.status), 7);
}

static void
test_no_processes_left(void **state)
{
	struct rlimit limit = { .rlim_cur = 0, .rlim_max = 0 };
	struct run run;
	int status;
	pid_t pid;

	run_shell(&run, state, "");
	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (getuid() == 0 && setuid(65533) == -1)
			_exit(1);
		setrlimit(RLIMIT_NPROC, &limit);
		pid = spawn_child(&run.request);
		_exit(pid == -1 && errno == EAGAIN ? 42 : 2);
	}
	leave(&run);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 42);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_streams),
	    TEST(test_same_descriptor),
	    TEST(test_descriptors),
	    TEST(test_extra),
	    TEST(test_signals),
	    TEST(test_default_signals),
	    TEST(test_given_mask),
	    TEST(test_group),
	    TEST(test_surroundings),
	    TEST(test_failures),
	    TEST(test_long_failure),
	    TEST(test_null_descriptors),
	    TEST(test_bad_request),
	    TEST(test_function),
	    TEST(test_no_processes_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
