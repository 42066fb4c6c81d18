#include "master/frontend/frontend.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/mem.h"
#include "common/sock.h"
#include "common/str.h"
#include "master/child/reap.h"
#include "master/child/spawn.h"
#include "master/child/spawn_report.h"
#include "master/control/control.h"
#include "master/helper/helper_log.h"
#include "master/frontend/frontend_setup.h"
#include "master/frontend/frontend_watch.h"
#include "master/frontend/rpcinterface.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "reeve-rpcd"
#define READY_MS 10000		/* from its start to its being ready */
#define LEAVING_MS 100		/* from the end of its connection to its own */
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 5000
#define ENDING_MS 1500		/* its own second to flush, and time to exit */
#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/libexec/reeve"
#endif

struct frontend {
	struct master *master;
	char *path;			/* of the executable */
	struct connection *client;		/* NULL = no connection */
	pid_t pid;			/* 0 = not running */
	bool was_ready;
	struct log_limit starts, ends;	/* lines on failures to start, and on ends … */
	struct log_limit closes, kills;	/* … on lost connections, and on kills … */
	struct log_limit unread;	/* … and that its log is not read */
	int64_t backoff_ms;
	int64_t launched_ms;
	struct source *restart;		/* timer: start again */
	struct source *overdue;		/* timer: at its start and at its end */
	struct frontend_watch *watch;	/* in between */
	struct helper_log log;	/* its standard error */
	bool renewing;			/* a successor with other sockets is wanted */
	bool leaving;			/* it was asked to end, for the one or the other */
	bool stopping;
	void (*done)(void *ctx);
	void *done_ctx;
};

/* New: the program of that directory, or NULL with *why new: why it is none. */
static char *
find_in(const char *directory, size_t n, char **why)
{
	char *path = xasprintf("%.*s/" PROGRAM, (int)n, directory);

	if (access(path, X_OK) == 0)
		return path;
	*why = xasprintf("%s: %s", path, strerror(errno));
	free(path);
	return NULL;
}

char *
frontend_find(const char *self, char **error)
{
	const char *slash = self == NULL ? NULL : strrchr(self, '/');
	char *beside = NULL, *installed = NULL, *path = NULL;

	if (slash == NULL)
		beside = xstrdup("the directory of reeved is unknown, because /proc is not "
		    "mounted");
	else
		path = find_in(self, (size_t)(slash - self), &beside);
	if (path == NULL)
		path = find_in(LIBEXECDIR, strlen(LIBEXECDIR), &installed);
	if (path == NULL)
		*error = xasprintf("could not find " PROGRAM ": %s; %s", beside, installed);
	free(beside);
	free(installed);
	return path;
}

static int
greet(void *ctx, json_t *hello_result)
{
	const struct frontend *frontend = ctx;

	return json_object_set_new(hello_result, "setup",
	    frontend_setup_object(frontend->master));
}

static int
greeted(void *ctx, struct connection *client)
{
	struct frontend *frontend = ctx;

	if (frontend_setup_send(frontend->master, client) == 0)
		return 0;
	log_limited(&frontend->kills, LEVEL_ERROR,
	    PROGRAM " (%d) cannot be given its sockets and is killed: %s%s",
	    (int)frontend->pid, strerror(errno), errno == EMFILE ?
	    "; raise the limit on open files (LimitNOFILE=, ulimit -n)" : "");
	kill(frontend->pid, SIGKILL);
	return -1;
}

static void
ready(void *ctx)
{
	struct frontend *frontend = ctx;

	frontend->was_ready = true;
	peer_secret(frontend->client->peer, false);
	frontend->backoff_ms = 0;
	source_arm(frontend->overdue, -1);
	log_debug(PROGRAM " (%d) is ready", (int)frontend->pid);
	frontend_watch_begin(frontend->watch, frontend->client, frontend->pid);
	rpcinterfaces_rpcd_ready(frontend->master->rpcinterfaces);
}

static void
active(void *ctx)
{
	struct frontend *frontend = ctx;

	frontend_watch_active(frontend->watch);
}

/* Whatever ended the connection, a front end without one is of no use. */
static void
closed(void *ctx, const char *why, bool violation)
{
	struct frontend *frontend = ctx;

	if (!violation && *why != '\0' && !frontend->leaving)
		log_limited(&frontend->closes, LEVEL_WARN,
		    PROGRAM " (%d) is disconnected: %s", (int)frontend->pid, why);
	frontend->client = NULL;
	frontend_watch_end(frontend->watch);
	if (frontend->pid == 0 || frontend->leaving)
		return;
	rpcinterfaces_rpcd_gone(frontend->master->rpcinterfaces);
	/* At a mere end of file it is on its way out: its own status tells more than ours.
	 */
	if (violation || *why != '\0')
		kill(frontend->pid, SIGKILL);
	else
		source_arm(frontend->overdue, clock_mono_ms() + LEAVING_MS);
}

static const struct connection_owner owner = {
    .greet = greet,
    .greeted = greeted,
    .ready = ready,
    .active = active,
    .closed = closed,
};

/* supervisord's own lines, which the master never writes: at level trace and on what is no
 * call. */
static bool
is_unsigned(enum log_level level, const char *text, size_t n)
{
	static const char own[] = "XML-RPC request data ";

	return level == LEVEL_TRACE ||
	    (n >= sizeof(own) - 1 && memcmp(text, own, sizeof(own) - 1) == 0);
}

/* --- life ----------------------------------------------------------------------- */

static void
schedule(struct frontend *frontend)
{
	int64_t delay = 0;

	if (!frontend->was_ready) {
		delay = frontend->backoff_ms * 2;
		if (delay < BACKOFF_MIN_MS)
			delay = BACKOFF_MIN_MS;
		if (delay > BACKOFF_MAX_MS)
			delay = BACKOFF_MAX_MS;
	}
	frontend->backoff_ms = delay;
	source_arm(frontend->restart, clock_mono_ms() + delay);
}

static void
describe_end(struct frontend *frontend, int status)
{
	struct spawn_error report;
	struct log_limit *limit = &frontend->ends;
	char name[32], *text;

	/* The end of one that has served for long does not recur. */
	if (frontend->was_ready &&
	    clock_mono_ms() - frontend->launched_ms > BACKOFF_MAX_MS)
		(void)log_limit_reset(limit);

	if (spawn_report_take(frontend->pid, &report)) {
		text = spawn_error_text(&report, frontend->path);
		log_limited(limit, LEVEL_ERROR, PROGRAM " (%d) was not started: %s",
		    (int)frontend->pid,
		    text != NULL ? text : strerror(ENOMEM));
		free(text);
		return;
	}
	if (frontend->leaving && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		log_debug(PROGRAM " (%d) ended", (int)frontend->pid);
	else if (WIFSIGNALED(status))
		log_limited(limit, LEVEL_WARN, PROGRAM " (%d) was terminated by %s",
		    (int)frontend->pid,
		    str_signal_name(WTERMSIG(status), name));
	else
		log_limited(limit, LEVEL_WARN, PROGRAM " (%d) exited with status %d",
		    (int)frontend->pid,
		    WEXITSTATUS(status));
}

static void
reaped(void *ctx, pid_t pid, int wait_status)
{
	struct frontend *frontend = ctx;

	(void)pid;
	helper_log_close(&frontend->log);
	describe_end(frontend, wait_status);
	frontend->pid = 0;
	if (frontend->client != NULL)
		control_drop(frontend->master->control, frontend->client);
	frontend->client = NULL;
	frontend->leaving = false;
	frontend_watch_end(frontend->watch);
	source_arm(frontend->overdue, -1);
	if (frontend->stopping) {
		frontend->done(frontend->done_ctx);
		return;
	}
	rpcinterfaces_rpcd_gone(frontend->master->rpcinterfaces);
	schedule(frontend);
}

static void
stopped(void *ctx, pid_t pid, int signo)
{
	struct frontend *frontend = ctx;

	frontend_watch_stopped(frontend->watch, pid, signo);
}

static pid_t
spawn(struct frontend *frontend, int null_fd, int log_fd, int socket)
{
	static char *const empty[] = {NULL};
	char *argv[] = {frontend->path, NULL};
	struct spawn_request request = {
	    .path = frontend->path,
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
	    .mask = loop_original_mask(frontend->master->loop),
	};

	(void)empty;
	return spawn_child(&request);
}

/* Our ends go into the frontend; false with errno, and then nothing is left behind. */
static bool
start_child(struct frontend *frontend, int pair[2], int log_pipe[2], int null_fd)
{
	struct master *master = frontend->master;
	int saved;

	frontend->pid = spawn(frontend, null_fd, log_pipe[1], pair[1]);
	if (frontend->pid == -1) {
		frontend->pid = 0;
		return false;
	}
	if (reaper_watch(master->reaper, frontend->pid, reaped, frontend) == -1) {
		saved = errno;
		kill(frontend->pid, SIGKILL);
		frontend->pid = 0;
		errno = saved;
		return false;
	}
	reaper_watch_stops(master->reaper, frontend->pid, stopped);
	if (helper_log_open(&frontend->log, master->loop, log_pipe[0]) == -1)
		log_limited(&frontend->unread, LEVEL_WARN,
		    "nobody reads what " PROGRAM " logs: %s", strerror(errno));
	log_pipe[0] = -1;
	frontend->client = control_adopt(master->control, pair[0], &owner, frontend);
	pair[0] = -1;
	if (frontend->client == NULL)
		kill(frontend->pid, SIGKILL);
	return true;
}

static void
close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fd_close(fds[i]);
}

static void
launch(struct frontend *frontend)
{
	int pair[2] = {-1, -1}, log_pipe[2] = {-1, -1};
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	const char *task = "open /dev/null";
	bool started = null_fd != -1;

	frontend->was_ready = frontend->renewing = false;
	if (started) {
		task = "make its socket and pipe";
		started = sock_pair(pair) == 0 &&
		    pipe2(log_pipe, O_CLOEXEC | O_NONBLOCK) == 0;
	}
	if (started) {
		task = "create its process";
		started = start_child(frontend, pair, log_pipe, null_fd);
	}
	frontend->launched_ms = clock_mono_ms();
	if (started) {
		source_arm(frontend->overdue, frontend->launched_ms + READY_MS);
	} else {
		log_limited(&frontend->starts, LEVEL_ERROR,
		    "cannot start " PROGRAM ": cannot %s: %s", task, strerror(errno));
		schedule(frontend);
	}
	close_all(pair, 2);
	close_all(log_pipe, 2);
	close_all(&null_fd, 1);
}

static void
restart_due(void *ctx, uint32_t unused)
{
	struct frontend *frontend = ctx;

	(void)unused;
	if (frontend->pid == 0 && !frontend->stopping)
		launch(frontend);
}

/* What it is late with, and when that became so; NULL = nothing. */
static const char *
lateness(const struct frontend *frontend, int64_t *due)
{
	*due = 0;
	if (frontend->pid == 0)
		return NULL;
	if (frontend->leaving)
		return "did not end in time";
	if (frontend->client == NULL)
		return "left its connection";
	*due = frontend->launched_ms + READY_MS;
	return frontend->was_ready ? NULL : "did not get ready in time";
}

/* It may take its time to die; what it left unread must not wake us until then. */
static void
kill_it(void *ctx, const char *what)
{
	struct frontend *frontend = ctx;

	log_limited(&frontend->kills, LEVEL_WARN, PROGRAM " (%d) %s and is killed",
	    (int)frontend->pid, what);
	kill(frontend->pid, SIGKILL);
	frontend_watch_end(frontend->watch);
	if (frontend->client != NULL)
		control_drop(frontend->master->control, frontend->client);
	frontend->client = NULL;
}

static void
overdue_due(void *ctx, uint32_t unused)
{
	struct frontend *frontend = ctx;
	int64_t due;
	const char *what = lateness(frontend, &due);

	(void)unused;
	if (what == NULL)
		return;
	if (clock_mono_ms() < due)
		source_arm(frontend->overdue, due);
	else
		kill_it(frontend, what);
}

/* It answers what it can within its second, then ends by itself. */
static void
ask_to_leave(struct frontend *frontend)
{
	frontend->leaving = true;
	frontend_watch_end(frontend->watch);
	if (frontend->client != NULL)
		peer_half_close(frontend->client->peer);
	source_arm(frontend->overdue, clock_mono_ms() + ENDING_MS);
}

void
frontend_renew(struct frontend *frontend)
{
	if (frontend != NULL)
		frontend->renewing = true;
}

void
frontend_check(struct frontend *frontend)
{
	if (frontend == NULL || frontend->leaving)
		return;
	if (!frontend->renewing) {
		frontend_watch_check(frontend->watch);
		return;
	}
	frontend->renewing = false;
	if (frontend->pid != 0)
		ask_to_leave(frontend);
}

struct frontend *
frontend_new(struct master *master, char *path)
{
	struct frontend *frontend = calloc(1, sizeof(*frontend));

	if (frontend == NULL) {
		free(path);
		return NULL;
	}
	frontend->master = master;
	frontend->path = path;
	helper_log_init(&frontend->log, PROGRAM, is_unsigned);
	frontend->restart = loop_timer(master->loop, restart_due, frontend);
	frontend->overdue = loop_timer(master->loop, overdue_due, frontend);
	frontend->watch = frontend_watch_new(master, kill_it, frontend);
	if (frontend->restart == NULL || frontend->overdue == NULL ||
	    frontend->watch == NULL) {
		frontend_free(frontend);
		return NULL;
	}
	return frontend;
}

void
frontend_free(struct frontend *frontend)
{
	if (frontend == NULL)
		return;
	helper_log_close(&frontend->log);
	source_free(frontend->restart);
	source_free(frontend->overdue);
	frontend_watch_free(frontend->watch);
	free(frontend->path);
	free(frontend);
}

void
frontend_start(struct frontend *frontend)
{
	launch(frontend);
}

void
frontend_stop(struct frontend *frontend, void (*done)(void *ctx), void *ctx)
{
	frontend->stopping = true;
	frontend->done = done;
	frontend->done_ctx = ctx;
	source_arm(frontend->restart, -1);
	frontend_watch_end(frontend->watch);
	if (frontend->pid == 0) {
		done(ctx);
		return;
	}
	if (!frontend->leaving)
		ask_to_leave(frontend);
}

pid_t
frontend_pid(const struct frontend *frontend)
{
	return frontend == NULL ? 0 : frontend->pid;
}

struct connection *
frontend_client(const struct frontend *frontend)
{
	return frontend == NULL || !frontend->was_ready ? NULL : frontend->client;
}
