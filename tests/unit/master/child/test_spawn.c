/* Each test starts real programs of /bin and looks at them through /proc or their output.
 */
#include "master/child/spawn.h"
#include "tests/unit/master/scratch.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char **environ;

struct run {
	struct scratch *scratch;
	struct spawn_request request;
	int input, output, errors; /* our ends */
	int child[3];
	char text[8192];  /* what it wrote to 1 */
	char wrong[8192]; /* and to 2 */
	int status;
};

static void
make_pipe(int *reader, int *writer)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	*reader = fds[0];
	*writer = fds[1];
}

static void
prepare(struct run *run, void **state, const char *path, char *const *argv)
{
	static sigset_t none;

	assert_int_equal(spawn_init(NULL), 0);
	sigemptyset(&none);
	*run = (struct run){.scratch = *state};
	make_pipe(&run->child[0], &run->input);
	make_pipe(&run->output, &run->child[1]);
	make_pipe(&run->errors, &run->child[2]);
	run->request = (struct spawn_request){
	    .path = path,
	    .argv = argv,
	    .envp = environ,
	    .fds = {run->child[0], run->child[1], run->child[2]},
	    .extra_fds = {-1, -1},
	    .umask = -1,
	    .mask = &none,
	};
}

static pid_t
launch(struct run *run)
{
	pid_t pid = spawn_child(&run->request);
	int i;

	assert_true(pid > 0);
	for (i = 0; i < 3; i++)
		close(run->child[i]);
	return pid;
}

static void
read_all(int fd, char *out, size_t size)
{
	size_t len = 0;
	ssize_t n;

	/* Ends only when no copy of the child's end is left in this process. */
	while ((n = read(fd, out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(fd);
}

static void
finish(struct run *run, pid_t pid)
{
	alarm(20);
	close(run->input);
	read_all(run->output, run->text, sizeof(run->text));
	read_all(run->errors, run->wrong, sizeof(run->wrong));
	assert_int_equal(waitpid(pid, &run->status, 0), pid);
	alarm(0);
}

static void
run_shell(struct run *run, void **state, const char *script)
{
	static char name[] = "sh", option[] = "-c", copy[512];
	static char *argv[] = {name, option, copy, NULL};

	snprintf(copy, sizeof(copy), "%s", script);
	prepare(run, state, "/bin/sh", argv);
}

/* A cat in the place of the shell; await_cat then sees that it runs. */
static pid_t
run_cat(struct run *run)
{
	static char name[] = "cat";
	static char *argv[] = {name, NULL};

	run->request.path = "/bin/cat";
	run->request.argv = argv;
	return launch(run);
}

static void
await_cat(struct run *run)
{
	char c;

	assert_int_equal(write(run->input, "x", 1), 1);
	assert_int_equal(read(run->output, &c, 1), 1);
}

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

/* The child has its three, or four, however many we have, inheritable ones included. */
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

/* The value of a line of /proc/PID/status. */
static void
status_line(pid_t pid, const char *key, char *out, size_t size)
{
	char path[64], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	assert_non_null(file = fopen(path, "r"));
	*out = '\0';
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			snprintf(out, size, "%s", line + strlen(key));
	fclose(file);
	out[strcspn(out, "\n")] = '\0';
}

static void
expect_mask(pid_t pid, const char *key, unsigned long long want)
{
	char value[64];

	status_line(pid, key, value, sizeof(value));
	assert_int_equal(strtoull(value, NULL, 16), want);
}

static void
test_signals(void **state)
{
	static const uint64_t ignored[4] = {1}; /* the kernel's struct: SIG_IGN */
	sigset_t blocked, before, after;
	struct run run;
	pid_t pid;

	run_shell(&run, state, "");
	/* The library's own signal, which signal() does not reach. */
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
	struct rlimit limit = {.rlim_cur = 77, .rlim_max = 99}, ours;
	mode_t mask = umask(022);
	char want[256], here[4096], *envp[] = {(char[]){"A=b c"}, NULL};
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
expect_failure(struct run *run, const char *text)
{
	char want[5000];

	finish(run, launch(run));
	snprintf(want, sizeof(want), "%ssupervisor: child process was not spawned\n", text);
	assert_string_equal(run->wrong, want);
	assert_string_equal(run->text, "");
	assert_true(WIFEXITED(run->status));
	assert_int_equal(WEXITSTATUS(run->status), 127);
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

/* Nobody reads the pipe before the child has ended: the message must not fill it. */
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
test_own_user(void **state)
{
	struct user user = {.uid = getuid(), .gid = 4242};
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
	gid_t groups[] = {65534, 4242};
	struct user user = {.uid = 65534, .gid = 65534, .groups = groups, .ngroups = 2};
	char value[128];
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

/* The directory is entered as the user. */
static void
test_user_directory(void **state)
{
	struct user user = {.uid = 65534, .gid = 65534};
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

/* Closes everything: another process has it and must see the ends. */
static void
leave(struct run *run)
{
	int i;

	for (i = 0; i < 3; i++)
		close(run->child[i]);
	close(run->input);
	close(run->output);
	close(run->errors);
}

/* As an ordinary user; root becomes one in a child of the test. */
static void
test_not_root(void **state)
{
	struct user user = {.uid = 4243, .gid = 4243};
	struct run run;
	int status;
	pid_t pid;

	run_shell(&run, state, "");
	run.request.user = &user;
	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (getuid() == 0 && setuid(65534) == -1)
			_exit(1);
		expect_failure(&run, "supervisor: couldn't setuid to 4243: "
				     "Can't drop privilege as nonroot user\n");
		_exit(42);
	}
	leave(&run);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
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

	run_shell(&run, state,
	    "echo lost; where=$(readlink /proc/$$/fd/1); echo $where >&2");
	run.request.fds[1] = -1;
	pid = launch(&run);
	finish(&run, pid);
	assert_string_equal(run.text, "");
	assert_string_equal(run.wrong, "/dev/null\n");
}

/* What runs in the child: it has a copy of our memory, and only its own descriptors. */
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
	struct rlimit limit = {.rlim_cur = 0, .rlim_max = 0};
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

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
	    TEST(test_own_user),
	    TEST(test_user),
	    TEST(test_user_directory),
	    TEST(test_not_root),
	    TEST(test_null_descriptors),
	    TEST(test_bad_request),
	    TEST(test_function),
	    TEST(test_no_processes_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
