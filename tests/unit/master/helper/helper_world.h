/* Helper world: one helper process. The test replaces the processes, the reaper and the
 * clock; the sockets, the pipes and the loop are real. */
#ifndef TESTS_UNIT_MASTER_HELPER_WORLD_H
#define TESTS_UNIT_MASTER_HELPER_WORLD_H

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "master/child/reaper.h"
#include "master/child/spawn.h"
#include "master/helper/helper_lifecycle.h"
#include "master/helper/helper_process.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define START 1000000
#define FIRST_PID 100

/* The helper's side, and the calls of the owner. */
static struct world {
	struct loop *loop;
	struct helper_process *helper;
	struct buf log;
	int64_t now;
	pid_t pid; /* the latest one */
	int spawns, spawn_errno;
	int socket, stderr_fd; /* its ends; -1 = closed */
	reap_fn *reaped;
	void *reap_ctx;
	reap_stopped_fn *stopped;
	int signal;        /* the latest one sent to pid */
	struct peer *peer; /* the owner's */
	bool refuses;      /* the owner's connect fails */
	int lost, idle, done;
	struct helper_end end;
} w;

/* ---- replacements of system functions ---- */

pid_t
spawn_child(const struct spawn_request *request)
{
	if (w.spawn_errno != 0) {
		errno = w.spawn_errno;
		return -1;
	}
	assert_string_equal(request->path, "/helper");
#ifndef REEVE_SANITIZED
	assert_null(request->envp[0]);
#endif
	w.socket = dup(request->extra_fds[0]);
	w.stderr_fd = dup(request->fds[2]);
	w.signal = 0;
	w.spawns++;
	return ++w.pid;
}

int
reaper_watch(struct reaper *reaper, pid_t pid, reap_fn *fn, void *ctx)
{
	(void)reaper;
	assert_int_equal(pid, w.pid);
	w.reaped = fn;
	w.reap_ctx = ctx;
	return 0;
}

void
reaper_watch_stops(struct reaper *reaper, pid_t pid, reap_stopped_fn *fn)
{
	(void)reaper;
	(void)pid;
	w.stopped = fn;
}

void
reaper_forget(struct reaper *reaper, pid_t pid)
{
	(void)reaper;
	assert_int_equal(pid, w.pid);
}

int
kill(pid_t pid, int signo)
{
	assert_int_equal(pid, w.pid);
	w.signal = signo;
	return 0;
}

/* ---- the owner ---- */

static void
drop_peer(void)
{
	peer_free(w.peer);
	w.peer = NULL;
}

static void
peer_over(void *ctx, struct peer *peer, const char *why, bool violation)
{
	(void)ctx;
	(void)peer;
	helper_process_closed(w.helper, why, violation);
}

static int
connect_helper(void *ctx, int fd, struct peer **peer)
{
	static const struct peer_ops ops = { .closed = peer_over };

	assert_ptr_equal(ctx, &w);
	if (w.refuses) {
		close(fd);
		return -1;
	}
	w.peer = peer_new(w.loop, fd, &ops, NULL);
	peer_options(w.peer)->autoflush = true;
	*peer = w.peer;
	return 0;
}

static void
lost(void *ctx)
{
	(void)ctx;
	w.lost++;
	drop_peer();
}

static void
idle(void *ctx)
{
	(void)ctx;
	w.idle++;
}

static void
done(void *ctx)
{
	assert_ptr_equal(ctx, &w);
	w.done++;
}

static void
ended(void *ctx, const struct helper_end *end)
{
	(void)ctx;
	w.done++;
	w.end = *end;
}

static const struct helper_kind permanent = {
    .name = "helper",
    .limit_ms = 10000,
    .end_ms = 1500,
    .connect = connect_helper,
    .lost = lost,
    .idle = idle,
};

static const struct helper_kind one_shot = {
    .name = "helper",
    .once = true,
    .limit_ms = 30000,
    .end_ms = 1500,
    .connect = connect_helper,
    .lost = lost,
    .ended = ended,
};

static void
sink(void *ctx, enum log_level level, const char *text, size_t len)
{
	(void)ctx;
	assert_int_equal(
	    buf_printf(&w.log, "%s %.*s\n", log_level_tag(level), (int)len, text), 0);
}

static void
setup(const struct helper_kind *kind)
{
	w = (struct world){ .loop = loop_new(),
		.now = START,
		.pid = FIRST_PID - 1,
		.socket = -1,
		.stderr_fd = -1 };
	assert_non_null(w.loop);
	buf_init(&w.log, 64 * 1024);
	log_init(sink, NULL, LEVEL_INFO);
	clock_freeze(START, START);
	w.helper = helper_process_new(w.loop, NULL, kind, strdup("/helper"), &w);
	assert_non_null(w.helper);
}

static void
turns(void)
{
	for (int i = 0; i < 4; i++)
		assert_int_equal(loop_turn(w.loop, 0), 0);
}

/* Advances the time in steps that are too short to count as a pause. */
static void
pass(int64_t ms)
{
	for (; ms > 0; ms -= 100) {
		w.now += ms < 100 ? ms : 100;
		clock_freeze(w.now, w.now);
		turns();
	}
}

static void
pause_all(int64_t ms)
{
	w.now += ms;
	clock_freeze(w.now, w.now);
	turns();
}

static void
close_socket(void)
{
	close(w.socket);
	w.socket = -1;
	turns();
}

/* The helper exits with this wait status. */
static void
reap(int status)
{
	pid_t pid = w.pid;

	close(w.socket);
	close(w.stderr_fd);
	w.socket = w.stderr_fd = -1;
	w.reaped(w.reap_ctx, pid, status);
	turns();
}

static void
expect_log(const char *text)
{
	assert_int_equal(buf_append(&w.log, "", 1), 0);
	assert_string_equal(buf_data(&w.log), text);
	buf_clear(&w.log);
}

static void
teardown(void)
{
	helper_process_free(w.helper);
	drop_peer();
	if (w.socket != -1)
		close(w.socket);
	if (w.stderr_fd != -1)
		close(w.stderr_fd);
	expect_log("");
	buf_clear(&w.log);
	loop_free(w.loop);
	log_init(NULL, NULL, LEVEL_INFO);
	clock_freeze(-1, -1);
}

static void
start_ready(void)
{
	assert_int_equal(helper_process_start(w.helper), 0);
	assert_int_equal(helper_process_pid(w.helper), FIRST_PID);
	assert_true(helper_process_ready(w.helper));
}

/* The line in the helper's socket, "" = none. */
static const char *
received(void)
{
	static char line[1024];
	ssize_t n = read(w.socket, line, sizeof(line) - 1);

	line[n > 0 ? n : 0] = '\0';
	return line;
}

static void
answer(const char *result)
{
	const char *id = strstr(received(), "\"id\":");

	assert_non_null(id);
	dprintf(w.socket, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":%s}\n", atoi(id + 5),
	    result);
	turns();
}

#endif
