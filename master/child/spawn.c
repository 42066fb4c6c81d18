/* Spawn: between the clone and the exec nothing is allocated or looked up. */
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
/* asked for */
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
	MESSAGE_MAX = 4096, /* two messages fit the smallest pipe: nobody reads it yet */
	EXIT_NOT_SPAWNED = 127,
};

struct birth {
	const struct spawn_request *request;
	atomic_int *gate; /* opened once the child has its own table; NULL = no gate */
};

struct message {
	char text[MESSAGE_MAX];
	size_t len;
};

static int
reserve(int fd, int slot)
{
	return dup3(fd, slot, O_CLOEXEC) == -1 ? -1 : 0;
}

static int
reserve_all(const char **call)
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
		failed = slot == fd ? fcntl(fd, F_SETFD, FD_CLOEXEC) : reserve(fd, slot);
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
	failed = reserve_all(call);
	saved = errno;
	setrlimit(RLIMIT_NOFILE, &before);
	*call = failed ? *call : "mmap";
	if (!failed)
		return spawn_report_init();
	/* What dup3 calls a wrong number is one above the limit. */
	return fail_with(saved == EBADF ? EMFILE : saved);
}

static void
add(struct message *message, const char *text)
{
	size_t n = strlen(text), room = sizeof(message->text) - message->len;

	if (n > room)
		n = room;
	memcpy(message->text + message->len, text, n);
	message->len += n;
}

static void
complain(const char *what, const char *object, const char *why)
{
	struct message message = {.len = 0};
	const char *parts[] = {"supervisor: couldn't ", what, " ", object, ": ", why};
	size_t i;

	for (i = 0; i < nitems(parts); i++)
		add(&message, parts[i]);
	if (message.len == sizeof(message.text))
		message.len--;
	message.text[message.len++] = '\n';
	if (write(STDERR_FILENO, message.text, message.len) == -1)
		return; /* nobody is left to tell */
}

static void
complain_user(uid_t uid, const char *why)
{
	char digits[3 * sizeof(uid) + 1], *first = digits + sizeof(digits);

	*--first = '\0';
	do {
		*--first = (char)('0' + uid % 10);
	} while ((uid /= 10) != 0);
	complain("setuid to", first, why);
}

/* Without close_range the descriptors that are not ours may stay open up to the limit that
 * supervisord closes to by default. */
static void
close_from(int first)
{
	int fd;

	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
	for (fd = first; fd < 1024; fd++)
		close(fd);
}

/* The parent's table may hold thousands of descriptors: copy only what is below SLOT_END.
 */
static int
own_table(void)
{
	if (syscall(SYS_close_range, SLOT_END, ~0U, CLOSE_RANGE_UNSHARE) == 0)
		return 0;
	return unshare(CLONE_FILES);
}

static void
open_gate(atomic_int *gate)
{
	if (gate == NULL)
		return;
	atomic_store(gate, 1);
	syscall(SYS_futex, gate, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* By the kernel's own call: the library keeps two real-time signals to itself, which
 * whoever started us may have ignored all the same. */
static void
reset_signals(const struct spawn_request *request)
{
	static const uint64_t by_default[4]; /* the kernel's struct: SIG_DFL, no flags */
	struct sigaction action = {.sa_handler = SIG_IGN};
	int signo;

	for (signo = 1; signo < NSIG; signo++)
		syscall(SYS_rt_sigaction, signo, by_default, NULL, sizeof(uint64_t));
	if (request->default_signals)
		return;
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGXFSZ, &action, NULL);
}

static int
descriptors(const struct spawn_request *request)
{
	return 3 + (request->extra_fds[0] != -1) + (request->extra_fds[1] != -1);
}

static void
place_descriptors(int count)
{
	int fd;

	for (fd = 0; fd < count; fd++)
		dup2(SLOT_FIRST + fd, fd);
	close_from(count);
}

static bool
changes_user(const struct user *user)
{
	return user != NULL && user->uid != getuid();
}

/* The library's wrappers would signal all threads of what may be our parent's memory. */
static const char *
switch_user(const struct user *user)
{
	errno = 0;
	if (!changes_user(user))
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

/* The order of reference 3.6. Returns only when something failed, which it has told. */
static void
become(const struct spawn_request *request)
{
	const char *why;

	if (request->nofile != NULL)
		setrlimit(RLIMIT_NOFILE, request->nofile);
	if ((why = switch_user(request->user)) != NULL) {
		spawn_report_send(SPAWN_USER, errno, why, NULL);
		complain_user(request->user->uid, why);
		return;
	}
	if (request->directory != NULL && chdir(request->directory) == -1) {
		spawn_report_send(SPAWN_DIRECTORY, errno, NULL, NULL);
		complain("chdir to", request->directory, str_errno_name(errno));
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
	complain("exec", request->argv[0], str_errno_name(errno));
}

static int
run_child(void *arg)
{
	static const char end[] = "supervisor: child process was not spawned\n";
	const struct birth *birth = arg;
	const struct spawn_request *request = birth->request;

	if (own_table() == -1) {
		spawn_report_send(SPAWN_DESCRIPTORS, errno, NULL, NULL);
		_exit(EXIT_NOT_SPAWNED);
	}
	open_gate(birth->gate);
	reset_signals(request);
	if (request->own_group)
		setpgid(0, 0);
	place_descriptors(descriptors(request));
	become(request);
	if (write(STDERR_FILENO, end, sizeof(end) - 1) == -1)
		_exit(EXIT_NOT_SPAWNED);
	_exit(EXIT_NOT_SPAWNED);
}

static pid_t
start_forked(struct birth *birth)
{
	pid_t pid;

	birth->gate = NULL;
	if ((pid = fork()) == 0)
		run_child(birth);
	return pid;
}

#ifdef SPAWN_PLAIN_FORK
static pid_t
start(struct birth *birth)
{
	return start_forked(birth);
}
#else
static bool
has_ended(pid_t pid)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1 ||
	       info.si_pid == pid;
}

static void
wait_gate(atomic_int *gate, pid_t pid)
{
	const struct timespec tenth = {.tv_nsec = 100 * 1000 * 1000};

	while (atomic_load(gate) == 0) {
		if (syscall(SYS_futex, gate, FUTEX_WAIT, 0, &tenth, NULL, 0) == -1 &&
		    errno == ETIMEDOUT && has_ended(pid))
			return;
	}
}

/* A child that becomes another user must not do so inside our memory, nor while we wait for
 * its exec: that user could trace it, or stop it with a signal, and us with it. It gets a
 * copy of the memory, and we wait only until it has its own table, which it does as we are.
 */
static pid_t
start_gated(struct birth *birth, char *stack)
{
	pid_t pid = -1;
	void *page;

	page = mmap(NULL, sizeof(atomic_int), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return -1;
	birth->gate = page;
	pid = clone(run_child, stack + STACK_SIZE, CLONE_FILES | SIGCHLD, birth);
	if (pid != -1)
		wait_gate(birth->gate, pid);
	munmap(page, sizeof(atomic_int));
	return pid;
}

static pid_t
start(struct birth *birth)
{
	alignas(64) char stack[STACK_SIZE];
	pid_t pid;

	if (birth->request->run != NULL)
		return start_forked(birth);
	if (changes_user(birth->request->user))
		pid = start_gated(birth, stack);
	else
		pid = clone(run_child, stack + STACK_SIZE,
		    CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, birth);
	if (pid == -1 && (errno == ENOSYS || errno == EINVAL || errno == EPERM))
		pid = start_forked(birth);
	return pid;
}
#endif

static int
fill_slots(const struct spawn_request *request)
{
	int i;

	for (i = 0; i < 3; i++)
		if (request->fds[i] != -1 &&
		    reserve(request->fds[i], SLOT_FIRST + i) == -1)
			return -1;
	for (i = 0; 3 + i < descriptors(request); i++)
		if (reserve(request->extra_fds[i], SLOT_EXTRA + i) == -1)
			return -1;
	return 0;
}

/* Our copies of the child's ends must go, or its pipes would never end. */
static void
empty_slots(void)
{
	int saved = errno, slot;

	for (slot = SLOT_FIRST; slot <= SLOT_EXTRA_LAST; slot++)
		reserve(SLOT_NULL, slot);
	errno = saved;
}

pid_t
spawn_child(const struct spawn_request *request)
{
	struct birth birth = {.request = request};
	sigset_t all, before;
	pid_t pid = -1;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if (fill_slots(request) == 0)
		pid = start(&birth);
	empty_slots();
	/* Where the child runs beside us, a kill of its group must not come too early. */
	if (pid > 0 && request->own_group)
		setpgid(pid, pid);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}
