#include "master/helper/helper_process.h"

#include "common/clock.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/str.h"
#include "master/child/spawn_report.h"
#include "master/helper/helper_lifecycle.h"
#include "master/helper/helper_spawn.h"
#include "master/helper/watchdog.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_LIFE_MS HELPER_BACKOFF_MAX_MS /* an end after this is always logged */

struct helper_process {
	const struct helper_kind *kind;
	void *ctx;
	char *path; /* NULL = a fork */
	struct loop *loop;
	struct reaper *reaper;
	struct helper_lifecycle life;
	struct source *timer;     /* life.due_ms */
	struct watchdog dog;      /* while it is ready */
	struct source *dog_timer; /* dog.next_ms */
	uint64_t sent;            /* bytes sent or queued before the latest ping or check */
	struct helper_log log;
	pid_t pid;          /* 0 = none */
	struct peer *peer;  /* the owner's; NULL = no connection */
	bool connected;     /* kind->lost has still to be called */
	const char *killed; /* why we killed it; NULL = we did not */
	void (*done)(void *ctx);
	void *done_ctx;
	struct log_limit starts, ends, closes, kills, unread;
	struct log_limit stops, silences, recoveries;
};

static int helper_process_spawn(struct helper_process *);

/* It is watched: it works, in its place or after it was replaced. */
static bool
helper_process_works(const struct helper_process *helper)
{
	return helper->life.state == HELPER_READY || helper->life.state == HELPER_RETIRING;
}

/* Forgets the connection, and lets the owner free it by calling `lost`. The state has
 * changed before, so that the owner finds a helper that is not ready. */
static void
helper_process_lose(struct helper_process *helper, bool call)
{
	call = call && helper->connected && helper->kind->lost != NULL;
	source_arm(helper->dog_timer, -1);
	helper->peer = NULL;
	helper->connected = false;
	if (call)
		helper->kind->lost(helper->ctx);
}

/* `why`: of a failure; NULL = it was logged. 0, or -1 with errno when a spawn failed. */
static int
helper_process_step(struct helper_process *helper, enum helper_event event, const char *why)
{
	if (event == HELPER_ON_TIMER)
		why = helper_lifecycle_lateness(&helper->life);
	switch (helper_lifecycle_step(&helper->life, event, clock_mono_ms())) {
	case HELPER_DO_NOTHING:
		break;
	case HELPER_DO_SPAWN:
		return helper_process_spawn(helper);
	case HELPER_DO_END:
		source_arm(helper->dog_timer, -1);
		if (helper->peer != NULL)
			peer_half_close(helper->peer);
		break;
	case HELPER_DO_KILL:
		helper->killed = why != NULL ? why : "broke the protocol";
		if (why != NULL)
			log_limited(&helper->kills, LEVEL_WARN, "%s (%d) %s; killing it",
			    helper->kind->name, (int)helper->pid, why);
		kill(helper->pid, SIGKILL);
		helper_process_lose(helper, true);
		break;
	}
	source_arm(helper->timer, helper->life.due_ms);
	return 0;
}

static void
helper_process_due(void *ctx, uint32_t ready UNUSED)
{
	(void)helper_process_step(ctx, HELPER_ON_TIMER, NULL);
}

/* ---- its watchdog ---- */

static uint64_t
helper_process_sent(const struct helper_process *helper)
{
	return peer_written(helper->peer) + peer_unsent(helper->peer);
}

/* Any answer counts, even an error of a helper that does not implement the method. */
static void
helper_process_answered(
    void *ctx, enum fault fault UNUSED, const char *message UNUSED, json_t *result, int fd)
{
	struct helper_process *helper = ctx;
	const json_t *busy = json_object_get(result, "busy");

	fd_close(fd);
	if (!helper_process_works(helper))
		return;
	if (watchdog_answered(&helper->dog, clock_mono_ms(), json_integer_value(busy) > 0))
		log_limited(&helper->recoveries, LEVEL_INFO, "%s (%d) answers again",
		    helper->kind->name, (int)helper->pid);
	source_arm(helper->dog_timer, helper->dog.next_ms);
	if (helper->dog.next_ms == -1 && helper->kind->idle != NULL)
		helper->kind->idle(helper->ctx);
}

static void
helper_process_act(struct helper_process *helper, enum watchdog_action action)
{
	switch (action) {
	case WATCHDOG_NONE:
		break;
	case WATCHDOG_PING:
		(void)peer_call(
		    helper->peer, "ping", NULL, false, helper_process_answered, helper);
		helper->sent = helper_process_sent(helper);
		break;
	case WATCHDOG_WARN:
		log_limited(&helper->silences, LEVEL_WARN,
		    "%s (%d) has not answered for %d seconds", helper->kind->name,
		    (int)helper->pid, WATCHDOG_WARN_MS / 1000);
		break;
	case WATCHDOG_KILL_MUTE:
		helper_process_fail(helper, "does not answer");
		return;
	case WATCHDOG_KILL_UNREAD:
		helper_process_fail(helper, "has not read its socket for 2 s");
		return;
	}
	source_arm(helper->dog_timer, helper->dog.next_ms);
}

static void
helper_process_watch(void *ctx, uint32_t ready UNUSED)
{
	struct helper_process *helper = ctx;

	if (helper_process_works(helper))
		helper_process_act(helper,
		    watchdog_check(&helper->dog, clock_mono_ms(), peer_unsent(helper->peer),
			peer_written(helper->peer)));
}

void
helper_process_active(struct helper_process *helper)
{
	if (!helper_process_works(helper))
		return;
	watchdog_active(&helper->dog, clock_mono_ms());
	source_arm(helper->dog_timer, helper->dog.next_ms);
}

void
helper_process_check(struct helper_process *helper)
{
	uint64_t sent;

	if (!helper_process_works(helper) ||
	    (sent = helper_process_sent(helper)) == helper->sent)
		return;
	helper->sent = sent;
	helper_process_active(helper);
}

/* Called before it is ready as well. */
static void
helper_process_stopped(void *ctx, pid_t pid, int signo)
{
	struct helper_process *helper = ctx;
	char name[32];

	log_limited(&helper->stops, LEVEL_WARN, "%s (%d) was stopped by %s; continuing it",
	    helper->kind->name, (int)pid, str_signal_name(signo, name));
	kill(pid, SIGCONT);
	if (helper_process_works(helper))
		helper_process_act(helper, watchdog_stopped(&helper->dog, clock_mono_ms()));
}

/* ---- its exit ---- */

/* Why a process is killed that nothing was wrong with. */
static const char helper_process_unready[] = "was not ready before an upgrade";

/* Logs the end. Returns the error that the process reported, 0 = none. */
static int
helper_process_log_end(struct helper_process *helper, int status)
{
	const char *name = helper->kind->name;
	struct log_limit *limit = &helper->ends;
	struct spawn_error report = { .errnum = 0 };
	char signal_name[32], *text;
	int pid = (int)helper->pid;

	if (helper->life.was_ready &&
	    clock_mono_ms() - helper->life.spawned_ms > LONG_LIFE_MS)
		(void)log_limit_reset(limit);
	/* A limit of its own, so that the reason why it cannot be started is logged. */
	if (!helper->life.was_ready && !helper->kind->once && WIFEXITED(status))
		limit = &helper->starts;
	if (spawn_report_take(helper->pid, &report)) {
		text =
		    spawn_error_text(&report, helper->path != NULL ? helper->path : name);
		log_limited(limit, LEVEL_ERROR, "%s (%d) %s: %s", name, pid,
		    report.step == SPAWN_RUN ? "failed" : "was not started",
		    text != NULL ? text : strerror(ENOMEM));
		free(text);
	} else if (helper->killed == helper_process_unready) {
		log_debug("%s (%d) %s", name, pid, helper->killed);
	} else if (WIFSIGNALED(status)) {
		log_limited(limit, LEVEL_WARN, "%s (%d) was terminated by %s", name, pid,
		    str_signal_name(WTERMSIG(status), signal_name));
	} else if (WEXITSTATUS(status) == 0 &&
	    (helper->life.state == HELPER_ENDING || helper->life.replaced)) {
		log_debug("%s (%d) exited", name, pid);
	} else if (WEXITSTATUS(status) != 0 || !helper->kind->once) {
		log_limited(limit, LEVEL_WARN, "%s (%d) exited with status %d", name, pid,
		    WEXITSTATUS(status));
	}
	return report.errnum;
}

static void
helper_process_reaped(void *ctx, pid_t pid UNUSED, int wait_status)
{
	struct helper_process *helper = ctx;
	struct helper_end end = { .wait_status = wait_status, .killed = helper->killed };

	helper_log_close(&helper->log);
	end.errnum = helper_process_log_end(helper, wait_status);
	helper->pid = 0;
	(void)helper_process_step(helper, HELPER_ON_EXIT, NULL);
	helper_process_lose(helper, !helper->kind->once);
	if (helper->done != NULL)
		helper->done(helper->done_ctx);
	else if (helper->kind->ended != NULL)
		helper->kind->ended(helper->ctx, &end);
}

/* ---- its spawn ---- */

/* From now on its exit is noticed. 0, or -1 with ENOMEM, and it is killed. */
static int
helper_process_watch_pid(struct helper_process *helper, pid_t pid)
{
	if (reaper_watch(helper->reaper, pid, helper_process_reaped, helper) == -1) {
		kill(pid, SIGKILL);
		return fail_with(ENOMEM);
	}
	reaper_watch_stops(helper->reaper, pid, helper_process_stopped);
	helper->pid = pid;
	helper->killed = NULL;
	return 0;
}

static void
helper_process_read_log(struct helper_process *helper, int log)
{
	if (helper_log_open(&helper->log, helper->loop, log) == -1)
		log_limited(&helper->unread, LEVEL_WARN,
		    "cannot read the log lines of %s: %s", helper->kind->name,
		    strerror(errno));
}

static int
helper_process_spawn(struct helper_process *helper)
{
	const struct helper_spawn what = {.path = helper->path,
	    .argument = helper->kind->argument, .run = helper->kind->run,
	    .ctx = helper->ctx, .mask = loop_original_mask(helper->loop)};
	int socket = -1, log = -1, saved;
	const char *task;
	pid_t pid = helper_spawn(&what, &socket, &log, &task);

	if (pid != -1 && helper_process_watch_pid(helper, pid) == -1) {
		fd_close(socket);
		pid = fd_fail(log, ENOMEM);
	}
	if (pid == -1) {
		saved = errno;
		log_limited(&helper->starts, LEVEL_ERROR, "cannot start %s: cannot %s: %s",
		    helper->kind->name, task, strerror(errno));
		(void)helper_process_step(helper, HELPER_ON_SPAWN_FAILURE, NULL);
		return fail_with(saved);
	}
	source_arm(helper->timer, helper->life.due_ms);
	helper_process_read_log(helper, log);
	helper->connected = true;
	if (helper->kind->connect(helper->ctx, socket, &helper->peer) == -1)
		helper_process_fail(helper, "could not be connected");
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
	helper_log_init(&helper->log, kind->name, kind->log_without_name);
	helper->timer = loop_timer(loop, helper_process_due, helper);
	helper->dog_timer = loop_timer(loop, helper_process_watch, helper);
	if (helper->timer == NULL || helper->dog_timer == NULL) {
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
	source_free(helper->timer);
	source_free(helper->dog_timer);
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
	if (helper->life.state != HELPER_STARTING)
		return false;
	(void)helper_process_step(helper, HELPER_ON_READY, NULL);
	log_debug("%s (%d) is ready", helper->kind->name, (int)helper->pid);
	watchdog_init(&helper->dog);
	helper->sent = 0;
	return true;
}

void
helper_process_closed(struct helper_process *helper, const char *why, bool violation)
{
	bool failed = violation || *why != '\0';

	/* One that ends as it was told to may exit while something is sent to it. */
	if (failed && !violation && helper->life.state != HELPER_ENDING &&
	    helper->life.state != HELPER_RETIRING)
		log_limited(&helper->closes, LEVEL_WARN,
		    "the connection to %s (%d) was lost: %s", helper->kind->name,
		    (int)helper->pid, why);
	/* After an end of file it is not killed, because its own exit status shows more. */
	(void)helper_process_step(helper, failed ? HELPER_ON_FAILURE : HELPER_ON_EOF, NULL);
	helper_process_lose(helper, true);
}

void
helper_process_fail(struct helper_process *helper, const char *why)
{
	(void)helper_process_step(helper, HELPER_ON_FAILURE, why);
}

void
helper_process_replace(struct helper_process *helper)
{
	(void)helper_process_step(helper, HELPER_ON_REPLACE, NULL);
}

void
helper_process_retire(struct helper_process *helper, int64_t end_ms)
{
	helper->life.retired_ms = end_ms;
	(void)helper_process_step(helper, HELPER_ON_RETIRE, NULL);
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

bool
helper_process_has_retired(const struct helper_process *helper)
{
	return helper->life.state == HELPER_RETIRING;
}

pid_t
helper_process_pid(const struct helper_process *helper)
{
	return helper->pid;
}

/* ---- the state document ---- */

void
helper_process_record(const struct helper_process *helper, struct helper_record *record)
{
	*record = (struct helper_record){
		.pid = helper->pid,
		.ready = helper_process_works(helper),
		.retired_ms =
		    helper_process_has_retired(helper) ? helper->life.retired_ms : -1,
		.log = helper->log.fd,
		.line = helper->log.line,
	};
}

int
helper_process_adopt(
    struct helper_process *helper, struct helper_record *record, int socket)
{
	helper_lifecycle_adopt(&helper->life, record->ready, clock_mono_ms());
	if (helper_process_watch_pid(helper, (pid_t)record->pid) == -1) {
		fd_close(record->log);
		fd_close(socket);
		buf_clear(&record->line);
		return -1;
	}
	if (record->log != -1) {
		helper->log.line = record->line;
		record->line = (struct buf){ 0 };
		helper_process_read_log(helper, record->log);
	}
	buf_clear(&record->line);
	if (!record->ready) {
		fd_close(socket);
		helper->killed = helper_process_unready;
		kill(helper->pid, SIGKILL);
		return 0;
	}
	watchdog_init(&helper->dog);
	helper->connected = true;
	if (helper->kind->connect(helper->ctx, socket, &helper->peer) == -1)
		helper_process_fail(helper, "could not be connected");
	else if (record->retired_ms != -1)
		helper_process_retire(helper, record->retired_ms);
	return 0;
}
