/* Confinement: each probe runs in its own child, which enters the sandbox first. */
#include "tests/unit/common/peer_is_local.h"
#include "tests/unit/rpcd/confinement_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>

/* ---- calls that must work ---- */

static int
probe_sockets(void)
{
	char byte = 0;

	if (sock_send(held.pair[0], "x", 1, -1) != 1 || read(held.pair[1], &byte, 1) != 1)
		return FAILS;
	return byte == 'x' ? WORKS : FAILS;
}

/* The calls of libmicrohttpd for a connection. */
static int
probe_accept(void)
{
	int fd = accept4(held.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), on = 1;
	int bytes = 16384;

	if (fd < 0 || !peer_is_local(fd) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)) < 0 ||
	    send(fd, "x", 1, MSG_NOSIGNAL | MSG_MORE) != 1 || shutdown(fd, SHUT_WR) < 0 ||
	    shutdown(fd, SHUT_RDWR) < 0)
		return FAILS;
	return close(fd) == 0 ? WORKS : FAILS;
}

static int
probe_flags(void)
{
	int flags = fcntl(held.pair[0], F_GETFL);

	if (flags < 0 || fcntl(held.pair[0], F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(held.pair[0], F_SETFL, flags) < 0)
		return FAILS;
	return fcntl(held.pair[0], F_GETFD) == FD_CLOEXEC &&
		fcntl(held.pair[0], F_SETFD, FD_CLOEXEC) == 0 ?
	    WORKS :
	    FAILS;
}

static int
probe_pread(void)
{
	char bytes[4];

	if (lseek(held.file, 0, SEEK_END) < 4)
		return FAILS;
	return pread(held.file, bytes, 4, 0) == 4 ? WORKS : FAILS;
}

static int
probe_memory(void)
{
	char *big = malloc(64 << 20), *bigger;

	if (big == NULL)
		return FAILS;
	memset(big, 1, 64 << 20);
	bigger = realloc(big, 128 << 20);
	if (bigger == NULL)
		return FAILS;
	free(bigger);
	return WORKS;
}

static int
probe_time(void)
{
	struct timespec ts;

	/* The system call, because the function of the library would use the vDSO. */
	return (int)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
}

/* A library that opens a file gets an error and is not killed. */
static int
probe_open(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 && open("/", O_RDONLY | O_DIRECTORY) < 0 ?
	    WORKS :
	    FAILS;
}

static int
probe_uname(void)
{
	struct utsname name;

	return uname(&name) < 0 && errno == ENOSYS ? WORKS : FAILS;
}

static int
probe_memory_bound(void)
{
	/* PROT_NONE uses only address space. */
	return mmap(NULL, (size_t)8 << 30, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED ?
	    WORKS :
	    FAILS;
}

static const struct {
	const char *name;
	int (*probe)(void);
	bool unsanitized;	/* not possible in sanitizer builds */
} soft[] = {
	{ "sockets", probe_sockets, false },
	{ "accept", probe_accept, false },
	{ "flags", probe_flags, false },
	{ "pread", probe_pread, false },
	{ "memory", probe_memory, false },
	{ "time", probe_time, false },
	{ "open", probe_open, false },
	{ "uname", probe_uname, true },
	{ "memory bound", probe_memory_bound, true },
};

static void
test_soft(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < nitems(soft); i++) {
		int status;

		if (soft[i].unsanitized && sanitized)
			continue;
		status = probe_run(soft[i].probe, enter_all);
		if (WIFEXITED(status) && WEXITSTATUS(status) == WORKS)
			continue;
		print_error("%s: wait status 0x%x\n", soft[i].name, (unsigned)status);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* ---- calls that kill ---- */

static int
probe_exec(void)
{
	static char path[] = "/bin/true";
	char *argv[] = { path, NULL };

	return execve(path, argv, NULL);
}

static int
probe_fork(void)
{
	return fork() == 0 ? 0 : FAILS;
}

static int
probe_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int
probe_connect(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	return connect(held.pair[0], (struct sockaddr *)&in, sizeof(in));
}

static int
probe_kill(void)
{
	return kill(getppid(), 0);
}

static int
probe_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int
probe_exec_memory(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, flags, -1, 0) == MAP_FAILED;
}

static int
probe_exec_later(void)
{
	void *page =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int
probe_setuid(void)
{
	return setuid(0);
}

static const struct {
	const char *name;
	int (*probe)(void);
} hard[] = {
	{ "execve", probe_exec },
	{ "fork", probe_fork },
	{ "socket", probe_socket },
	{ "connect", probe_connect },
	{ "kill", probe_kill },
	{ "ptrace", probe_ptrace },
	{ "mmap exec", probe_exec_memory },
	{ "mprotect exec", probe_exec_later },
	{ "setuid", probe_setuid },
};

static void
test_hard(void **state)
{
	size_t failed = 0;

	(void)state;
	if (sanitized)
		skip();
	for (size_t i = 0; i < nitems(hard); i++) {
		int status = probe_run(hard[i].probe, enter_all);

		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
			continue;
		print_error("%s: wait status 0x%x\n", hard[i].name, (unsigned)status);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* ---- Landlock alone ---- */

/* Returns the number of the first restriction that is missing. */
static int
probe_landlock(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
		return 1;
	if (open("/", O_RDONLY | O_DIRECTORY) >= 0 || errno != EACCES)
		return 2;
	if (mkdir("/tmp/test_sandbox.never", 0700) == 0 || errno != EACCES)
		return 3;
	if (fd >= 0 && bind(fd, (struct sockaddr *)&in, sizeof(in)) == 0)
		return 4;
	if (kill(getppid(), 0) == 0)
		return 5;
	if (probe_pread() != WORKS)
		return 6;
	return probe_accept() == WORKS ? 0 : 7;
}

static int
enter_landlock(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? sandbox_landlock(NULL) : -1;
}

static void
test_landlock(void **state)
{
	long version = syscall(444, NULL, 0, 1);
	int status;

	(void)state;
	if (version < 1)
		skip();
	status = probe_run(probe_landlock, enter_landlock);
	assert_true(WIFEXITED(status));
	if (version >= 6)
		assert_int_equal(WEXITSTATUS(status), 0);
	else
		assert_int_not_equal(WEXITSTATUS(status), NO_SANDBOX);
}

/* ---- as /proc sees it ---- */

static char *
proc_read(pid_t pid, const char *name)
{
	static char text[16384];
	char path[64];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	f = fopen(path, "r");
	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	fclose(f);
	return text;
}

static void
proc_has(const char *text, const char *line)
{
	if (strstr(text, line) == NULL)
		print_error("missing: %s\n%s\n", line, text);
	assert_non_null(strstr(text, line));
}

/* Lines of /proc/PID/limits whose soft and hard value must be zero. */
static void
proc_check_limits(pid_t pid)
{
	static const char *const zero[] = { "Max processes", "Max core file size",
		"Max file size", "Max locked memory", "Max msgqueue size" };
	const char *limits = proc_read(pid, "limits");

	for (size_t i = 0; i < nitems(zero); i++) {
		const char *line = strstr(limits, zero[i]);
		long values[2] = { -1, -1 };

		assert_non_null(line);
		assert_int_equal(
		    sscanf(line + strlen(zero[i]), "%ld %ld", &values[0], &values[1]), 2);
		assert_int_equal(values[0], 0);
		assert_int_equal(values[1], 0);
	}
}

static void
proc_check_root(pid_t pid)
{
	char path[64], root[128];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	len = readlink(path, root, sizeof(root) - 1);
	assert_true(len > 0);
	root[len] = '\0';
	proc_has(root, " (deleted)");
	/* The directory is removed. */
	*strrchr(root, ' ') = '\0';
	assert_int_not_equal(access(root, F_OK), 0);
}

static void
proc_check_status(pid_t pid)
{
	const char *status = proc_read(pid, "status");

	proc_has(status, "NoNewPrivs:\t1\n");
	if (!sanitized)
		proc_has(status, "Seccomp:\t2\n");
	if (geteuid() != 0)
		return;
	proc_has(status, "Uid:\t65534\t65534\t65534\t65534\n");
	proc_has(status, "Gid:\t65534\t65534\t65534\t65534\n");
	proc_has(status, "Groups:\t \n");
	proc_has(status, "CapPrm:\t0000000000000000\n");
	proc_has(status, "CapEff:\t0000000000000000\n");
	proc_has(status, "CapBnd:\t0000000000000000\n");
	proc_has(status, "CapAmb:\t0000000000000000\n");
}

static void
test_proc(void **state)
{
	int up[2], down[2], status;
	char byte = 1;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		byte = (char)enter_all();
		_exit(write(up[1], &byte, 1) == 1 && read(down[0], &byte, 1) == 1 ? 0 : 1);
	}
	assert_int_equal(read(up[0], &byte, 1), 1);
	assert_int_equal(byte, 0);
	proc_check_status(pid);
	proc_check_limits(pid);
	if (geteuid() == 0)
		proc_check_root(pid);
	assert_int_equal(write(down[1], "x", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (int i = 0; i < 2; i++) {
		close(up[i]);
		close(down[i]);
	}
}

/* ---- refusals ---- */

static int
enter_as_root(void)
{
	const struct sandbox sandbox = {
		.policy = &confinement_policy, .uid = 0, .gid = 0, .is_root = true
	};

	return sandbox_enter(&sandbox);
}

/* is_root without root: neither chroot nor a change of ids is possible. */
static int
enter_without_privilege(void)
{
	const struct sandbox sandbox = {
		.policy = &confinement_policy,
		.uid = NOBODY - 1,
		.gid = NOBODY,
		.is_root = true
	};

	if (geteuid() == 0 &&
	    (setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return 0;
	return sandbox_enter(&sandbox);
}

static int
enter_strict(void)
{
	struct sandbox sandbox = sandbox_here();

	sandbox.strict = true;
	return sandbox_enter(&sandbox);
}

static void
test_refusals(void **state)
{
	(void)state;
	assert_int_equal(WEXITSTATUS(probe_run(probe_nothing, enter_as_root)), NO_SANDBOX);
	assert_int_equal(
	    WEXITSTATUS(probe_run(probe_nothing, enter_without_privilege)), NO_SANDBOX);
}

static void
test_strict(void **state)
{
	(void)state;
	if (syscall(444, NULL, 0, 1) < 1)
		skip();
	assert_int_equal(WEXITSTATUS(probe_run(probe_nothing, enter_strict)), WORKS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_soft),
		cmocka_unit_test(test_hard),
		cmocka_unit_test(test_landlock),
		cmocka_unit_test(test_proc),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_strict),
	};

	return cmocka_run_group_tests(tests, setup_held, NULL);
}
