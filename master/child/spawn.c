#include "master/child/spawn.h"

#include "common/fail.h"
#include "common/str.h"
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

/* The kernel's smallest table has 64 entries, so these cost a child no more than lower ones
 * would, and they leave alone what was inherited on purpose, as by `-l /dev/fd/3 3>log`. */
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
};

static int
spawn_reserve(int fd, int slot)
{
	return dup3(fd, slot, O_CLOEXEC) == -1 ? -1 : 0;
}

static int
spawn_reserve_all(const char **call)
{
	int fd, slot, failed = 0;

	/* Started with 0, 1 or 2 closed: a log file must not become someone's stdout. */
	*call = "open(\"/dev/null\")";
	do {
		if ((fd = open("/dev/null", O_RDWR | O_NOCTTY)) == -1)
			return -1;
	} while (fd <= 2);
	*call = "dup3";
	for (slot = SLOT_FIRST; slot < SLOT_END && !failed; slot++)
		failed =
		    slot == fd ? fcntl(fd, F_SETFD, FD_CLOEXEC) : spawn_reserve(fd, slot);
	if (fd < SLOT_FIRST || fd >= SLOT_END)
		close(fd);
	return failed;
}

/* A limit below the slots is lifted for as long as they are made: what is open then stays
 * so. Only root may lift the hard one. */
int
spawn_init(const char **call)
{
	struct rlimit before, now;
	const char *unused;
	int failed, saved;

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
	failed = spawn_reserve_all(call);
	saved = errno;
	setrlimit(RLIMIT_NOFILE, &before);
	*call = failed ? *call : "mmap";
	if (!failed)
		return spawn_report_init();
	/* What dup3 calls a wrong number is one above the limit. */
	return fail_with(saved == EBADF ? EMFILE : saved);
}

/* A text that is too long is cut. */
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
		return; /* nothing else can report it */
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

/* The parent's table may hold thousands of descriptors: copies only what is below SLOT_END,
 * and then lets the parent go on. */
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

/* By the kernel's own call: the library keeps two real-time signals to itself, which
 * the process that started us may have ignored all the same. */
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

static int
spawn_descriptors(const struct spawn_request *request)
{
	return 3 + (request->extra_fds[0] != -1) + (request->extra_fds[1] != -1);
}

/* Without close_range the descriptors that are not ours may stay open up to the limit that
 * supervisord closes to by default. */
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

/* The library's wrappers would signal all threads of what may be our parent's memory. */
static const char *
spawn_switch_user(const struct user *user)
{
	errno = 0;
	if (!spawn_changes_user(user))
		return NULL;
	if (getuid() != 0)
		return "Can't drop privilege as nonroot user";
#ifdef SYS_setuid32
	if (syscall(SYS_setgroups32, user->ngroups, user->groups) == -1)
		return "Could not set groups of effective user";
	if (syscall(SYS_setgid32, user->gid) == -1)
		return "Could not set group id of effective user";
	if (syscall(SYS_setuid32, user->uid) == -1)
#else
	if (syscall(SYS_setgroups, user->ngroups, user->groups) == -1)
		return "Could not set groups of effective user";
	if (syscall(SYS_setgid, user->gid) == -1)
		return "Could not set group id of effective user";
	if (syscall(SYS_setuid, user->uid) == -1)
#endif
		return "Could not set user id of effective user";
	return NULL;
}

/* In supervisord's order. Returns only when something failed, which it has reported. */
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
	if (request->run != NULL)
		_exit(request->run(request->run_ctx));
	execve(request->path, request->argv, request->envp);
	spawn_report_send(SPAWN_EXEC, errno, NULL, request->path);
	spawn_complain("exec", request->argv[0], str_errno_name(errno));
}

static int
spawn_run_child(void *arg)
{
	static const char end[] = "supervisor: child process was not spawned\n";
	const struct spawn_start *start = arg;
	const struct spawn_request *request = start->request;

	if (spawn_own_table(start->has_table) == -1) {
		spawn_report_send(SPAWN_DESCRIPTORS, errno, NULL, NULL);
		_exit(EXIT_NOT_SPAWNED);
	}
	spawn_reset_signals(request);
	if (request->own_group)
		setpgid(0, 0);
	spawn_place_descriptors(spawn_descriptors(request));
	spawn_become(request);
	if (write(STDERR_FILENO, end, sizeof(end) - 1) == -1)
		_exit(EXIT_NOT_SPAWNED);
	_exit(EXIT_NOT_SPAWNED);
}

static pid_t
spawn_start_forked(struct spawn_start *start)
{
	pid_t pid;

	start->has_table = NULL;
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
static bool
spawn_has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1 ||
	    info.si_pid == pid;
}

static void
spawn_wait_for_table(atomic_int *has_table, pid_t pid)
{
	const struct timespec tenth = { .tv_nsec = 100 * 1000 * 1000 };

	while (atomic_load(has_table) == 0) {
		if (syscall(SYS_futex, has_table, FUTEX_WAIT, 0, &tenth, NULL, 0) == -1 &&
		    errno == ETIMEDOUT && spawn_has_ended(pid))
			return;
	}
}

/* A child that becomes another user must not do so inside our memory, nor while we wait for
 * its exec: that user could trace it, or stop it with a signal, and us with it. It gets a
 * copy of the memory, and we wait only until it has its own table, which it does as we are.
 */
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
	pid = clone(spawn_run_child, stack + STACK_SIZE, CLONE_FILES | SIGCHLD, start);
	if (pid != -1)
		spawn_wait_for_table(start->has_table, pid);
	munmap(page, sizeof(atomic_int));
	return pid;
}

static pid_t
spawn_start(struct spawn_start *start)
{
	alignas(64) char stack[STACK_SIZE];
	pid_t pid;

	if (start->request->run != NULL)
		return spawn_start_forked(start);
	if (spawn_changes_user(start->request->user))
		pid = spawn_start_copied(start, stack);
	else
		pid = clone(spawn_run_child, stack + STACK_SIZE,
		    CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, start);
	if (pid == -1 && (errno == ENOSYS || errno == EINVAL || errno == EPERM))
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
		    spawn_reserve(request->fds[i], SLOT_FIRST + i) == -1)
			return -1;
	for (i = 0; 3 + i < spawn_descriptors(request); i++)
		if (spawn_reserve(request->extra_fds[i], SLOT_EXTRA + i) == -1)
			return -1;
	return 0;
}

/* Our copies of the child's ends must go, or its pipes would never end. */
static void
spawn_empty_slots(void)
{
	int saved = errno, slot;

	for (slot = SLOT_FIRST; slot <= SLOT_EXTRA_LAST; slot++)
		spawn_reserve(SLOT_NULL, slot);
	errno = saved;
}

pid_t
spawn_child(const struct spawn_request *request)
{
	struct spawn_start start = { .request = request };
	sigset_t all, before;
	pid_t pid = -1;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if (spawn_fill_slots(request) == 0)
		pid = spawn_start(&start);
	spawn_empty_slots();
	/* Where the child runs beside us, a kill of its group must not come too early. */
	if (pid > 0 && request->own_group)
		setpgid(pid, pid);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}
