#include "master/helper/helper_process.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/sock.h"
#include "common/str.h"
#include "master/child/spawn.h"
#include "master/child/spawn_report.h"
#include "master/helper/helper_lifecycle.h"
#include "master/helper/helper_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER_SOCKET 3		/* in the process */
#define HELPER_LONG_LIFE_MS HELPER_BACKOFF_MAX_MS	/* an end after it does not recur */

struct helper_process {
	const struct helper_kind *kind;
	void *ctx;
	char *path;			/* NULL = a fork */
	struct loop *loop;
	struct reaper *reaper;
	struct helper_lifecycle life;
	struct source *timer;		/* life.due_ms */
	struct helper_watch watch;	/* while it is ready */
	struct helper_log log;
	pid_t pid;			/* 0 = none */
	struct peer *peer;		/* the owner's; NULL = no connection */
	bool connected;			/* kind->lost is due */
	const char *killed;		/* why; NULL = it was not */
	void (*done)(void *ctx);
	void *done_ctx;
	struct log_limit starts, ends, closes, kills, unread;
};

static int helper_process_spawn(struct helper_process *);

/* The connection is of no more use to us, and after a call of `lost` none to the owner. */
static void
helper_process_lose(struct helper_process *helper, bool call)
{
	call = call && helper->connected && helper->kind->lost != NULL;
	helper_watch_end(&helper->watch);
	helper->peer = NULL;
	helper->connected = false;
	if (call)
		helper->kind->lost(helper->ctx);
}

static void
helper_process_kill(struct helper_process *helper, const char *why)
{
	helper->killed = why != NULL ? why : "broke the protocol";
	if (why != NULL)
		log_limited(&helper->kills, LEVEL_WARN, "%s (%d) %s and is killed",
		    helper->kind->name, (int)helper->pid, why);
	kill(helper->pid, SIGKILL);
	helper_process_lose(helper, true);
}

/* `why`: of a failure; NULL = it was logged. 0, or -1 with errno when a spawn has failed. */
static int
helper_process_step(struct helper_process *helper, enum helper_event event, const char *why)
{
	const char *late = helper_lifecycle_lateness(&helper->life);
	enum helper_action action =
	    helper_lifecycle_step(&helper->life, event, clock_mono_ms());
	int rc = 0;

	source_arm(helper->timer, helper->life.due_ms);
	if (action == HELPER_DO_SPAWN) {
		rc = helper_process_spawn(helper);
	} else if (action == HELPER_DO_KILL) {
		helper_process_kill(helper, event == HELPER_ON_TIMER ? late : why);
	} else if (action == HELPER_DO_ASK) {
		helper_watch_end(&helper->watch);
		if (helper->peer != NULL)
			peer_half_close(helper->peer);
	}
	return rc;
}

static void
helper_process_due(void *ctx, uint32_t ready UNUSED)
{
	(void)helper_process_step(ctx, HELPER_ON_TIMER, NULL);
}

static void
helper_process_hangs(void *ctx, const char *what)
{
	(void)helper_process_step(ctx, HELPER_ON_FAILURE, what);
}

static void
helper_process_idle(void *ctx)
{
	const struct helper_process *helper = ctx;

	if (helper->kind->idle != NULL)
		helper->kind->idle(helper->ctx);
}

static const struct helper_watch_ops watch_ops = {
    .hangs = helper_process_hangs,
    .idle = helper_process_idle,
};

/* ---- its exit ---- */

static void
helper_process_log_end(struct helper_process *helper, int status)
{
	const char *name = helper->kind->name;
	struct log_limit *limit = &helper->ends;
	struct spawn_error report;
	char signal_name[32], *text;
	int pid = (int)helper->pid;

	if (helper->life.was_ready &&
	    clock_mono_ms() - helper->life.spawned_ms > HELPER_LONG_LIFE_MS)
		(void)log_limit_reset(limit);
	if (spawn_report_take(helper->pid, &report)) {
		text = spawn_error_text(&report, helper->path);
		log_limited(limit, LEVEL_ERROR, "%s (%d) was not started: %s", name, pid,
		    text != NULL ? text : strerror(ENOMEM));
		free(text);
	} else if (WIFSIGNALED(status)) {
		log_limited(limit, LEVEL_WARN, "%s (%d) was terminated by %s", name, pid,
		    str_signal_name(WTERMSIG(status), signal_name));
	} else if (WEXITSTATUS(status) == 0 &&
	    (helper->kind->once || helper->life.state == HELPER_ENDING)) {
		log_debug("%s (%d) ended", name, pid);
	} else {
		log_limited(limit, LEVEL_WARN, "%s (%d) exited with status %d", name, pid,
		    WEXITSTATUS(status));
	}
}

static void
helper_process_reaped(void *ctx, pid_t pid UNUSED, int wait_status)
{
	struct helper_process *helper = ctx;
	const struct helper_end end = {wait_status, helper->killed};

	helper_log_close(&helper->log);
	helper_process_log_end(helper, wait_status);
	helper->pid = 0;
	(void)helper_process_step(helper, HELPER_ON_EXIT, NULL);
	helper_process_lose(helper, !helper->kind->once);
	if (helper->done != NULL)
		helper->done(helper->done_ctx);
	else if (helper->kind->ended != NULL)
		helper->kind->ended(helper->ctx, &end);
}

static void
helper_process_stopped(void *ctx, pid_t pid, int signo)
{
	struct helper_process *helper = ctx;

	helper_watch_stopped(&helper->watch, pid, signo);
}

/* ---- its spawn ---- */

/* In the child. The main log's descriptors are closed; standard error is read by us. */
static int
helper_process_run(void *ctx)
{
	const struct helper_process *helper = ctx;

	log_init(NULL, NULL, log_threshold());
	return helper->kind->run(helper->ctx, HELPER_SOCKET);
}

/* The pid, watched; or -1 with errno. */
static pid_t
helper_process_create(struct helper_process *helper, int null_fd, int log_fd, int socket)
{
	static char *const empty[] = {NULL};
	char *argv[] = {helper->path, NULL};
	struct spawn_request request = {
	    .path = helper->path,
	    .run = helper->path == NULL ? helper_process_run : NULL,
	    .run_ctx = helper,
	    .argv = argv,
#ifdef REEVE_SANITIZED
	    .envp = environ,
#else
	    .envp = empty,
#endif
	    .fds = {null_fd, null_fd, log_fd},
	    .extra_fds = {socket, -1},
	    .umask = -1,
	    .own_group = true,
	    .default_signals = helper->path == NULL,
	    .mask = loop_original_mask(helper->loop),
	};
	pid_t pid = spawn_child(&request);

	(void)empty;
	if (pid == -1)
		return -1;
	if (reaper_watch(helper->reaper, pid, helper_process_reaped, helper) == -1) {
		kill(pid, SIGKILL);
		errno = ENOMEM;
		return -1;
	}
	reaper_watch_stops(helper->reaper, pid, helper_process_stopped);
	return pid;
}

/* Takes our end of each. */
static void
helper_process_attach(struct helper_process *helper, int log_fd, int socket)
{
	bool attached;

	helper->killed = NULL;
	if (helper_log_open(&helper->log, helper->loop, log_fd) == -1)
		log_limited(&helper->unread, LEVEL_WARN, "nobody reads what %s logs: %s",
		    helper->kind->name, strerror(errno));
	helper->connected = true;
	if (helper->kind->attach != NULL)
		attached = helper->kind->attach(helper->ctx, socket) == 0;
	else
		attached = (helper->peer = helper->kind->connect(helper->ctx, socket)) !=
		    NULL;
	if (!attached)
		helper_process_fail(helper, "cannot be connected");
}

static void
helper_process_close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] != -1)
			close(fds[i]);
}

static int
helper_process_spawn(struct helper_process *helper)
{
	enum { NULL_FD, OUR_SOCKET, ITS_SOCKET, OUR_LOG, ITS_LOG, FDS };
	int fds[FDS] = {open("/dev/null", O_RDWR | O_CLOEXEC), -1, -1, -1, -1}, saved;
	const char *task = "open /dev/null";
	pid_t pid = -1;

	if (fds[NULL_FD] != -1) {
		task = "make its socket and pipe";
		if (sock_pair(&fds[OUR_SOCKET]) == 0 &&
		    pipe2(&fds[OUR_LOG], O_CLOEXEC | O_NONBLOCK) == 0) {
			task = "create its process";
			pid = helper_process_create(
			    helper, fds[NULL_FD], fds[ITS_LOG], fds[ITS_SOCKET]);
		}
	}
	if (pid == -1) {
		saved = errno;
		log_limited(&helper->starts, LEVEL_ERROR, "cannot start %s: cannot %s: %s",
		    helper->kind->name, task, strerror(errno));
		(void)helper_process_step(helper, HELPER_ON_SPAWN_FAILURE, NULL);
		helper_process_close_all(fds, FDS);
		errno = saved;
		return -1;
	}
	helper->pid = pid;
	close(fds[NULL_FD]);
	close(fds[ITS_SOCKET]);
	close(fds[ITS_LOG]);
	helper_process_attach(helper, fds[OUR_LOG], fds[OUR_SOCKET]);
	return 0;
}

/* ---- for the owner ---- */

struct helper_process *
helper_process_new(struct loop *loop, struct reaper *reaper, const struct helper_kind *kind,
    char *path, void *ctx)
{
	struct helper_process *helper = calloc(1, sizeof(*helper));

	if (helper == NULL) {
		free(path);
		return NULL;
	}
	helper->kind = kind;
	helper->ctx = ctx;
	helper->path = path;
	helper->loop = loop;
	helper->reaper = reaper;
	helper_lifecycle_init(&helper->life, kind->once, kind->limit_ms, kind->end_ms);
	helper_log_init(&helper->log, kind->name, kind->log_is_unsigned);
	helper->timer = loop_timer(loop, helper_process_due, helper);
	if (helper->timer == NULL ||
	    helper_watch_init(&helper->watch, loop, kind->name, &watch_ops, helper) == -1) {
		helper_process_free(helper);
		return NULL;
	}
	return helper;
}

static void
helper_process_reaped_late(void *ctx UNUSED, pid_t pid UNUSED, int wait_status UNUSED)
{
}

void
helper_process_free(struct helper_process *helper)
{
	if (helper == NULL)
		return;
	if (helper->pid != 0) {
		kill(helper->pid, SIGKILL);
		if (reaper_watch(helper->reaper, helper->pid, helper_process_reaped_late,
			NULL) == -1)
			reaper_forget(helper->reaper, helper->pid);
	}
	helper_log_close(&helper->log);
	helper_watch_clear(&helper->watch);
	source_free(helper->timer);
	free(helper->path);
	free(helper);
}

int
helper_process_start(struct helper_process *helper)
{
	return helper_process_step(helper, HELPER_ON_START, NULL);
}

bool
helper_process_ready(struct helper_process *helper)
{
	(void)helper_process_step(helper, HELPER_ON_READY, NULL);
	if (!helper_process_is_ready(helper))
		return false;
	log_debug("%s (%d) is ready", helper->kind->name, (int)helper->pid);
	helper_watch_begin(&helper->watch, helper->peer, helper->pid);
	return true;
}

void
helper_process_closed(struct helper_process *helper, const char *why, bool violation)
{
	bool failed = violation || *why != '\0';

	if (failed && !violation && helper->life.state != HELPER_ENDING)
		log_limited(&helper->closes, LEVEL_WARN, "%s (%d) is disconnected: %s",
		    helper->kind->name, (int)helper->pid, why);
	helper_process_lose(helper, true);
	/* At a mere end of file it is exiting: its exit status says more than SIGKILL. */
	(void)helper_process_step(helper, failed ? HELPER_ON_FAILURE : HELPER_ON_EOF, NULL);
}

void
helper_process_fail(struct helper_process *helper, const char *why)
{
	(void)helper_process_step(helper, HELPER_ON_FAILURE, why);
}

void
helper_process_active(struct helper_process *helper)
{
	helper_watch_active(&helper->watch);
}

void
helper_process_check(struct helper_process *helper)
{
	helper_watch_check(&helper->watch);
}

void
helper_process_renew(struct helper_process *helper)
{
	(void)helper_process_step(helper, HELPER_ON_RENEW, NULL);
}

void
helper_process_end(struct helper_process *helper, void (*done)(void *ctx), void *ctx)
{
	helper->done = done;
	helper->done_ctx = ctx;
	(void)helper_process_step(helper, HELPER_ON_END, NULL);
	if (helper->pid == 0)
		done(ctx);
}

bool
helper_process_is_ready(const struct helper_process *helper)
{
	return helper->life.state == HELPER_READY;
}

pid_t
helper_process_pid(const struct helper_process *helper)
{
	return helper == NULL ? 0 : helper->pid;
}
