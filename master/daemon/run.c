#include "master/daemon/run.h"

#include "common/clock.h"
#include "common/log.h"
#include "master/control/control.h"
#include "master/control/daemon_ops.h"
#include "master/control/state_stream.h"
#include "master/daemon/config_reader.h"
#include "master/daemon/group_lifecycle.h"
#include "master/daemon/lastlog.h"
#include "master/daemon/notify.h"
#include "master/daemon/restart_check.h"
#include "master/daemon/startup.h"
#include "master/daemon/state_document.h"
#include "master/daemon/subsystems.h"
#include "master/daemon/upgrade.h"
#include "master/event/dispatch.h"
#include "master/frontend/frontend.h"
#include "master/frontend/http_sockets.h"
#include "master/helper/verifier.h"
#include "master/log/backlog.h"
#include "master/process/order.h"
#include "master/survivors/survivors.h"
#include "proto/frame.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG_END_MS 5000 /* at the end, for logs (pipes) that are full */
#define FATAL_KILL_MS 10000 /* in FATAL, from SIGTERM to SIGKILL */

/* --- requests ---------------------------------------------------------------------- */

void
run_shutdown(struct master *master)
{
	master->restart_wanted = false;
	daemon_state_shutdown(master->daemon);
}

void
run_restart(
    struct master *master, config_request_fn *done, struct connection *client, uint64_t id)
{
	struct config_answer answer = { .fault = FAULT_SHUTDOWN_STATE };

	if (daemon_state_get(master->daemon) != DAEMON_SHUTDOWN) {
		if (config_requests_add(master->config_requests, CONFIG_RESTART, done,
			client, id, NULL) == 0)
			return;
		answer.fault = FAULT_CANT_REREAD;
		answer.detail = errno == ENOBUFS ?
		    "too many requests wait for the configuration" :
		    strerror(errno);
		run_restart_read(master, &answer);
	}
	if (done != NULL)
		done(master, client, id, NULL, &answer);
}

void
run_restart_read(struct master *master, const struct config_answer *answer)
{
	const char *detail = answer->detail != NULL ? answer->detail : "out of memory";
	size_t n = strlen(detail);
	bool is_second = master->restart_wanted;

	if (n > 0 && detail[n - 1] == '.')
		n--;
	if (answer->fault == FAULT_NONE)
		master->restart_wanted = true;
	else
		log_error("%.*s; %s", (int)n, detail,
		    is_second ? "the restart under way uses what was checked for it" :
				"not restarting, nothing was stopped");
	/* Requests that have arrived since the reading began may follow an edit, so the
	 * restart waits for their reading, but not for a third one. */
	if (master->restart_wanted &&
	    (is_second || !config_requests_wait(master->config_requests, CONFIG_RESTART)))
		(void)daemon_state_restart(master->daemon);
}

void
run_end_with(struct master *master, const struct process *process)
{
	if (daemon_state_is_stopping(master->daemon))
		return;
	log_at(process->ending == 0 ? LEVEL_INFO : LEVEL_WARN,
	    "%s %s: shutting down, exit status %d", process->config->name,
	    process->config->is_main ? "is a main program and has ended" :
				       "failed and has exit_on_fatal",
	    process->ending);
	master->exit_status = process->ending;
	run_shutdown(master);
}

/* --- changes of the daemon's state ------------------------------------------------ */

static void
run_state_changed(void *ctx)
{
	struct master *master = ctx;
	enum fault fault = daemon_state_fault(master->daemon);

	if (fault == FAULT_FATAL_STATE)
		jobs_halt(master->jobs);
	else if (fault != FAULT_NONE)
		dispatch_supervisor_state(
		    master->dispatcher, EVENT_SUPERVISOR_STATE_CHANGE_STOPPING);
	if (fault != FAULT_NONE)
		config_reader_refuse(master->config_reader, fault,
		    daemon_state_get(master->daemon) != DAEMON_SHUTDOWN);
	notify_state(master->notify, daemon_state_get(master->daemon),
	    daemon_state_reason(master->daemon));
	state_stream_daemon(master->state_stream);
}

static void
run_helpers_ended(void *ctx)
{
	const struct master *master = ctx;

	loop_stop(master->loop);
}

static void
run_rpcd_ended(void *ctx)
{
	const struct master *master = ctx;

	verifier_end(master->verifier, run_helpers_ended, ctx);
}

static void
run_all_written(void *ctx)
{
	const struct master *master = ctx;

	frontends_end(master->frontends, run_rpcd_ended, ctx);
}

/* Output of the processes may still wait for a full log. */
static void
run_survivors_ended(void *ctx)
{
	const struct master *master = ctx;

	backlogs_finish(master->backlogs, BACKLOG_END_MS, run_all_written, ctx);
}

static void
run_all_stopped(void *ctx)
{
	const struct master *master = ctx;

	survivors_wait(master->survivors, run_survivors_ended, ctx);
}

/* Signals every child but reeve-rpcd and reeve-verifier. The number of children. */
static size_t
run_signal_by_pid(const struct master *master, int signo)
{
	size_t cursor = 0, count = 0;
	pid_t pid;

	while ((pid = reaper_next(master->reaper, &cursor)) != 0) {
		if (frontends_have(master->frontends, pid) ||
		    verifier_has(master->verifier, pid))
			continue;
		kill(pid, signo);
		count++;
	}
	return count;
}

static void
run_fatal_overdue(void *ctx, uint32_t ready UNUSED)
{
	struct master *master = ctx;

	(void)run_signal_by_pid(master, SIGKILL);
	/* Armed also without children, because run_check_fatal_end looks for an armed
	 * timer. */
	source_arm(master->fatal_timer, clock_mono_ms() + FATAL_KILL_MS);
}

static void
run_stop_by_pid(void *ctx)
{
	struct master *master = ctx;

	if (master->fatal_timer != NULL)
		return;
	master->fatal_timer = loop_timer(master->loop, run_fatal_overdue, master);
	if (master->fatal_timer == NULL || run_signal_by_pid(master, SIGTERM) == 0)
		run_all_stopped(master);
	else
		source_arm(master->fatal_timer, clock_mono_ms() + FATAL_KILL_MS);
}

/* In FATAL the counters may be wrong; the pid map has the children that are left. */
static void
run_check_fatal_end(struct master *master)
{
	if (master->fatal_timer == NULL || run_signal_by_pid(master, 0) > 0 ||
	    source_deadline(master->fatal_timer) == -1)
		return;
	source_arm(master->fatal_timer, -1);
	run_all_stopped(master);
}

const struct daemon_state_ops run_daemon_ops = {
    .changed = run_state_changed,
    .all_stopped = run_all_stopped,
    .stop_by_pid = run_stop_by_pid,
};

void
run_clock_was_set(void *ctx, int64_t seconds)
{
	struct master *master = ctx;
	const struct group *group;
	struct process *process;

	log_warn(
	    "the clock was set %s by %lld s; the times of starts and stops are corrected",
	    seconds > 0 ? "forward" : "back", llabs((long long)seconds));
	TAILQ_FOREACH(group, &master->groups->list, in_groups)
		TAILQ_FOREACH(process, &group->processes, in_group) {
			process_clock_was_set(process, seconds);
			state_stream_changed(master->state_stream, process);
		}
	daemon_state_record(master->daemon)->start += seconds;
	state_stream_daemon(master->state_stream);
}

void
run_turn_end(void *ctx)
{
	struct master *master = ctx;

	survivors_flush(master->survivors);
	control_flush(master->control);
	dispatch_send(master->dispatcher, master->config->identifier);
	frontends_check(master->frontends);
	verifier_check(master->verifier);
	run_check_fatal_end(master);
}

/* --- a run ---------------------------------------------------------------- */

static void
run_may_start(void *ctx)
{
	const struct master *master = ctx;

	jobs_hold(master->jobs, false);
}

/* Processes of an earlier daemon end before anything starts. */
static void
run_end_survivors(struct master *master, bool resumed)
{
	survivors_begin(master->survivors, resumed);
	if (!survivors_are_ending(master->survivors))
		return;
	jobs_hold(master->jobs, true);
	survivors_wait(master->survivors, run_may_start, master);
}

/* All subsystems exist: starts the helpers and the programs. */
static void
run_begin(struct master *master)
{
	if (master->state == NULL)
		startup_log_config(master->config, true);
	verifier_update(master->verifier);
	frontends_start(master->frontends);
	run_end_survivors(master, master->state != NULL);
	if (master->state != NULL) {
		log_info("upgrade: took over the state of the previous process; this is "
			 "version " REEVE_VERSION);
		frame_forget(master->state);
		master->state = NULL;
		return;
	}
	dispatch_supervisor_state(
	    master->dispatcher, EVENT_SUPERVISOR_STATE_CHANGE_RUNNING);
	order_autostart(master->groups, NULL);
	/* The sockets are bound: a client that connects before reeve-rpcd is up waits. */
	notify_state(master->notify, daemon_state_get(master->daemon),
	    daemon_state_reason(master->daemon));
}

/* Runs the event loop until the run ends; also after an upgrade that failed. */
static enum run_outcome
run_loop(struct master *master, char **error)
{
	while (loop_run(master->loop) == 0) {
		if (!upgrade_is_due(master->upgrade)) {
			if (!master->restart_wanted)
				return RUN_EXIT;
			/* A broken invariant may have left wrong data in the memory. */
			return daemon_state_record(master->daemon)->by_pid ? RUN_REEXEC :
									     RUN_RESTART;
		}
		upgrade_execute(master->upgrade);
	}
	(void)startup_failed(error, "the event loop failed (epoll_wait)");
	return RUN_ERROR;
}

static const struct daemon_ops run_ops = {
	.shutdown = run_shutdown,
	.restart = run_restart,
	.upgrade = upgrade_begin,
	.add_group = group_lifecycle_add_named,
	.remove_group = group_lifecycle_remove_named,
};

int
run_check(struct master *master, char **error)
{
	master->ops = &run_ops;
	master->checks = true;
	if (subsystems_create(master, error) == -1)
		return -1;
	return state_document_read(master, master->state, error);
}

enum run_outcome
run(struct master *master, char **error)
{
	enum run_outcome outcome = RUN_ERROR;
	int rc;

	master->ops = &run_ops;
	if (master->state == NULL) {
		master->restart_wanted = false;
		master->exit_status = 0;
	}
	rc = subsystems_create(master, error);
	if (rc == 0 && master->state != NULL)
		rc = state_document_read(master, master->state, error);
	master->children.resumes = false;
	config_free(master->others);
	master->others = NULL;
	if (rc == 0) {
		run_begin(master);
		outcome = run_loop(master, error);
	}
	master->first = false;
	if (outcome == RUN_ERROR)
		lastlog_failed(master, *error);
	subsystems_destroy(master);
	if (outcome == RUN_ERROR || outcome == RUN_EXIT) {
		restart_check_forget(master);
		log_init(NULL, NULL, LEVEL_INFO);
		lastlog_forget(master);
		http_sockets_free(master->http_sockets);
		master->http_sockets = NULL;
	}
	return outcome;
}
