#include "master/child/spawn.h"

#include "common/fail.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/child/clone3.h"
#include "master/child/oom_score.h"
#include "master/child/spawn_report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef SPAWN_PLAIN_FORK
/* requested */
#elif defined(__SANITIZE_ADDRESS__)
#define SPAWN_PLAIN_FORK
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SPAWN_PLAIN_FORK
#endif
#endif

/* Descriptors for the child, in our table. As the kernel's smallest table has 64 entries,
 * they cost the child no more than lower ones would; lower ones may have been inherited on
 * purpose, as by `-l /dev/fd/3 3>log`. */
enum {
	SLOT_FIRST = 56,
	SLOT_EXTRA = SLOT_FIRST + 3,
	SLOT_EXTRA_LAST,
	SLOT_NULL,
	SLOT_END,
};

_Static_assert(SPAWN_FILES == SLOT_END, "the slots are the highest descriptors");

enum {
	STACK_SIZE = 32 * 1024,
	MESSAGE_MAX = 4096, /* two messages fit the smallest pipe, which is not read yet */
	EXIT_NOT_SPAWNED = 127,
};

struct spawn_start {
	const struct spawn_request *request;
	atomic_int *has_table; /* 1 once the child has its own descriptors; NULL = unused */
	bool joins;            /* the child moves itself into its control group */
};

/* dup3 fails with EBADF, not EMFILE, when the slot exceeds the limit on open files, which
 * may have been lowered since spawn_init. */
static int
spawn_fill(int slot, int fd)
{
	if (dup3(fd, slot, O_CLOEXEC) != -1)
		return 0;
	return errno == EBADF && fcntl(fd, F_GETFD) != -1 ? fail_with(EMFILE) : -1;
}

static int
spawn_reserve(const char **call)
{
	int fd, slot, rc = 0;

	/* If 0, 1 or 2 are closed, a log file must not become some child's stdout. */
	*call = "open(\"/dev/null\")";
	do {
		if ((fd = open("/dev/null", O_RDWR | O_NOCTTY)) == -1)
			return -1;
	} while (fd <= 2);
	*call = "dup3";
	for (slot = SLOT_FIRST; slot < SLOT_END && rc != -1; slot++)
		rc = slot == fd ? fcntl(fd, F_SETFD, FD_CLOEXEC) : spawn_fill(slot, fd);
	if (fd < SLOT_FIRST || fd >= SLOT_END)
		close(fd);
	return rc;
}

/* A limit on open files below the slots is raised while they are opened: they stay open
 * when it is restored. Only root may raise the hard limit. */
int
spawn_init(const char **call)
{
	struct rlimit before, now;
	const char *unused;
	int rc, saved;

	if (call == NULL)
		call = &unused;
	*call = "getrlimit";
	if (getrlimit(RLIMIT_NOFILE, &before) == -1)
		return -1;
	now = before;
	if (now.rlim_cur < SLOT_END)
		now.rlim_cur = SLOT_END;
	if (now.rlim_max < SLOT_END)
		now.rlim_max = SLOT_END;
	if (setrlimit(RLIMIT_NOFILE, &now) == -1) {
		now.rlim_cur = now.rlim_max = before.rlim_max;
		setrlimit(RLIMIT_NOFILE, &now);
	}
	rc = spawn_reserve(call);
	saved = errno;
	setrlimit(RLIMIT_NOFILE, &before);
	if (rc == -1)
		return fail_with(saved);
	*call = "mmap";
	return spawn_report_init();
}

/* --- in the child -------------------------------------------------------------------- */

/* Writes supervisord's text to standard error, truncated if it is too long. */
static void
spawn_complain(const char *what, const char *object, const char *why)
{
	const char *parts[] = { "supervisor: couldn't ", what, " ", object, ": ", why };
	char text[MESSAGE_MAX];
	size_t len = 0;

	for (size_t i = 0; i < nitems(parts); i++)
		for (const char *at = parts[i]; *at != '\0' && len < sizeof(text) - 1; at++)
			text[len++] = *at;
	text[len++] = '\n';
	if (write(STDERR_FILENO, text, len) == -1)
		return; /* no other place is left to report it */
}

static void
spawn_complain_user(uid_t uid, const char *why)
{
	char digits[3 * sizeof(uid) + 1], *first = digits + sizeof(digits);

	*--first = '\0';
	do {
		*--first = (char)('0' + uid % 10);
	} while ((uid /= 10) != 0);
	spawn_complain("setuid to", first, why);
}

/* Gives the child a descriptor table of its own, with only the descriptors below SLOT_END:
 * the parent may have thousands. Then lets the parent continue. */
static int
spawn_own_table(atomic_int *has_table)
{
	if (syscall(SYS_close_range, SLOT_END, ~0U, CLOSE_RANGE_UNSHARE) == -1 &&
	    unshare(CLONE_FILES) == -1)
		return -1;
	if (has_table == NULL)
		return 0;
	atomic_store(has_table, 1);
	syscall(SYS_futex, has_table, FUTEX_WAKE, 1, NULL, NULL, 0);
	return 0;
}

/* Uses the system call, because the C library refuses two real-time signals that it
 * reserves; the process that started us may have ignored them. */
static void
spawn_reset_signals(const struct spawn_request *request)
{
	static const uint64_t by_default[4]; /* the kernel's struct: SIG_DFL, no flags */
	struct sigaction action = { .sa_handler = SIG_IGN };
	int signo;

	for (signo = 1; signo < NSIG; signo++)
		syscall(SYS_rt_sigaction, signo, by_default, NULL, sizeof(uint64_t));
	if (request->default_signals)
		return;
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGXFSZ, &action, NULL);
}

/* The number of descriptors that the child gets. */
static int
spawn_descriptors(const struct spawn_request *request)
{
	return 3 + (request->extra_fds[0] != -1) + (request->extra_fds[1] != -1);
}

/* Without close_range, closes descriptors up to supervisord's default for minfds. */
static void
spawn_place_descriptors(int count)
{
	int fd;

	for (fd = 0; fd < count; fd++)
		dup2(SLOT_FIRST + fd, fd);
	if (syscall(SYS_close_range, count, ~0U, 0) == -1)
		for (fd = count; fd < 1024; fd++)
			close(fd);
}

static bool
spawn_changes_user(const struct user *user)
{
	return user != NULL && user->uid != getuid();
}

#ifdef SYS_setuid32
#define SPAWN_CALL(name) SYS_##name##32
#else
#define SPAWN_CALL(name) SYS_##name
#endif

/* Uses system calls, because the C library's functions change the user of all threads, and
 * the child may share the parent's memory. NULL, or what failed, with errno. */
static const char *
spawn_switch_user(const struct user *user)
{
	errno = 0;
	if (!spawn_changes_user(user))
		return NULL;
	if (getuid() != 0)
		return "Can't drop privilege as nonroot user";
	if (syscall(SPAWN_CALL(setgroups), user->ngroups, user->groups) == -1)
		return "Could not set groups of effective user";
	if (syscall(SPAWN_CALL(setgid), user->gid) == -1)
		return "Could not set group id of effective user";
	if (syscall(SPAWN_CALL(setuid), user->uid) == -1)
		return "Could not set user id of effective user";
	return NULL;
}

static void
spawn_out_of_memory(void)
{
	spawn_report_send(SPAWN_RUN, ENOMEM, NULL, NULL);
}

/* In supervisord's order. Returns only after a failure, which it has reported. */
static void
spawn_become(const struct spawn_request *request)
{
	const char *why;

	if (request->nofile != NULL)
		setrlimit(RLIMIT_NOFILE, request->nofile);
	if ((why = spawn_switch_user(request->user)) != NULL) {
		spawn_report_send(SPAWN_USER, errno, why, NULL);
		spawn_complain_user(request->user->uid, why);
		return;
	}
	if (request->directory != NULL && chdir(request->directory) == -1) {
		spawn_report_send(SPAWN_DIRECTORY, errno, NULL, NULL);
		spawn_complain("chdir to", request->directory, str_errno_name(errno));
		return;
	}
	if (request->umask != -1)
		umask((mode_t)request->umask);
	if (request->mask != NULL)
		sigprocmask(SIG_SETMASK, request->mask, NULL);
	if (request->run != NULL) {
		mem_on_failure(spawn_out_of_memory);
		_exit(request->run(request->run_ctx));
	}
	execve(request->path, request->argv, request->envp);
	spawn_report_send(SPAWN_EXEC, errno, NULL, request->path);
	spawn_complain("exec", request->argv[0], str_errno_name(errno));
}

/* Must precede the change of the user. The kernel waits for all processors, which takes
 * milliseconds. */
static int
spawn_join(int cgroup)
{
	int fd = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC), rc;

	if (fd == -1)
		return -1;
	rc = write(fd, "0", 1) == 1 ? 0 : -1;
	return rc == 0 ? close(fd) : fd_fail(fd, errno);
}

static int
spawn_run_child(void *arg)
{
	static const char end[] = "supervisor: child process was not spawned\n";
	const struct spawn_start *start = arg;
	const struct spawn_request *request = start->request;

	if (start->joins && spawn_join(request->cgroup) == -1) {
		spawn_report_send(SPAWN_CGROUP, errno, NULL, NULL);
		_exit(EXIT_NOT_SPAWNED);
	}
	if (spawn_own_table(start->has_table) == -1) {
		spawn_report_send(SPAWN_DESCRIPTORS, errno, NULL, NULL);
		_exit(EXIT_NOT_SPAWNED);
	}
	oom_score_restore_child();
	spawn_reset_signals(request);
	if (request->own_group)
		setpgid(0, 0);
	spawn_place_descriptors(spawn_descriptors(request));
	spawn_become(request);
	if (write(STDERR_FILENO, end, sizeof(end) - 1) == -1)
		_exit(EXIT_NOT_SPAWNED);
	_exit(EXIT_NOT_SPAWNED);
}

/* --- in the parent ------------------------------------------------------------------- */

/* Whether a system call fails because the kernel or a filter does not have it. */
static bool
spawn_is_missing(int errnum)
{
	return errnum == ENOSYS || errnum == EINVAL || errnum == EPERM || errnum == E2BIG;
}

static bool
spawn_is_born_there(const struct spawn_start *start)
{
	return start->request->cgroup != 0 && !start->joins;
}

static pid_t
spawn_start_forked(struct spawn_start *start)
{
	pid_t pid;

	start->has_table = NULL;
	if (spawn_is_born_there(start))
		return clone3_into_cgroup(
		    start->request->cgroup, 0, NULL, 0, spawn_run_child, start);
	if ((pid = fork()) == 0)
		spawn_run_child(start);
	return pid;
}

#ifdef SPAWN_PLAIN_FORK
static pid_t
spawn_start(struct spawn_start *start)
{
	return spawn_start_forked(start);
}
#else
/* Waits until the child has its own table, or has ended. */
static void
spawn_wait_for_table(atomic_int *has_table, pid_t pid)
{
	const struct timespec tenth = { .tv_nsec = 100 * 1000 * 1000 };
	siginfo_t info = { .si_pid = 0 };

	while (atomic_load(has_table) == 0) {
		if (syscall(SYS_futex, has_table, FUTEX_WAIT, 0, &tenth, NULL, 0) == 0 ||
		    errno != ETIMEDOUT)
			continue;
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1 ||
		    info.si_pid == pid)
			return;
	}
}

static pid_t
spawn_clone(struct spawn_start *start, char *stack, int flags)
{
	if (!spawn_is_born_there(start))
		return clone(spawn_run_child, stack + STACK_SIZE, flags | SIGCHLD, start);
	return clone3_into_cgroup(start->request->cgroup, (unsigned long)flags, stack,
	    STACK_SIZE, spawn_run_child, start);
}

/* A child that changes its user must not share our memory, and we must not wait for its
 * exec: the other user could trace the child, or stop it with a signal and us with it. The
 * child gets a copy of the memory, and we wait only until it has its own descriptor table,
 * which it creates before it changes its user. */
static pid_t
spawn_start_copied(struct spawn_start *start, char *stack)
{
	pid_t pid = -1;
	void *page;

	page = mmap(NULL, sizeof(atomic_int), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return -1;
	start->has_table = page;
	pid = spawn_clone(start, stack, CLONE_FILES);
	if (pid != -1)
		spawn_wait_for_table(start->has_table, pid);
	munmap(page, sizeof(atomic_int));
	return pid;
}

/* Without a new stack, a child in a control group cannot share our memory. */
static bool
spawn_needs_copy(const struct spawn_start *start)
{
#ifdef CLONE3_HAS_STACK
	(void)start;
	return false;
#else
	return spawn_is_born_there(start);
#endif
}

static pid_t
spawn_start(struct spawn_start *start)
{
	alignas(64) char stack[STACK_SIZE];
	pid_t pid;

	if (start->request->run != NULL || spawn_needs_copy(start))
		return spawn_start_forked(start);
	if (spawn_changes_user(start->request->user))
		pid = spawn_start_copied(start, stack);
	else
		pid = spawn_clone(start, stack, CLONE_VM | CLONE_VFORK | CLONE_FILES);
	if (pid == -1 && !spawn_is_born_there(start) && spawn_is_missing(errno))
		pid = spawn_start_forked(start);
	return pid;
}
#endif

static int
spawn_fill_slots(const struct spawn_request *request)
{
	int i;

	for (i = 0; i < 3; i++)
		if (request->fds[i] != -1 &&
		    spawn_fill(SLOT_FIRST + i, request->fds[i]) == -1)
			return -1;
	for (i = 0; 3 + i < spawn_descriptors(request); i++)
		if (spawn_fill(SLOT_EXTRA + i, request->extra_fds[i]) == -1)
			return -1;
	return 0;
}

pid_t
spawn_child(const struct spawn_request *request)
{
	struct spawn_start start = { .request = request };
	sigset_t all, before;
	pid_t pid = -1;
	int saved;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if (spawn_fill_slots(request) == 0)
		pid = spawn_start(&start);
	if (pid == -1 && request->cgroup != 0 && spawn_is_missing(errno)) {
		start.joins = true;
		pid = spawn_start(&start);
	}
	saved = errno;
	/* Its pipes would have no end of file while we keep its ends open. */
	for (int slot = SLOT_FIRST; slot <= SLOT_EXTRA_LAST; slot++)
		(void)spawn_fill(slot, SLOT_NULL);
	/* The child does the same, but perhaps later than a signal to its group. */
	if (pid > 0 && request->own_group)
		setpgid(pid, pid);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return pid;
}
