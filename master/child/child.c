#include "master/child/child.h"

#include "common/log.h"
#include "common/loglimit.h"
#include "master/child/child_impl.h"
#include "master/child/fcgi_socket.h"
#include "master/config/command_line.h"
#include "master/control/sequence.h"
#include "master/control/state_stream.h"
#include "master/daemon/run.h"
#include "master/event/dispatch.h"
#include "master/frontend/rpcinterface.h"
#include "master/log/autolog.h"
#include "master/log/logfile.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A pipe holds at most this much when its writer is gone (F_SETPIPE_SZ's default maximum):
 * what is drained at reaping. */
#define DRAIN_MAX (1024 * 1024)

const char *const runtime_channel_words[CHANNEL_MAX] = {
    [CHANNEL_STDOUT] = "stdout",
    [CHANNEL_STDERR] = "stderr",
};

struct master *
runtime_master(const struct process *process)
{
	return process->ops_ctx;
}

static void
timer_fired(void *ctx, uint32_t ready)
{
	(void)ready;
	process_timeout(ctx);
}

static int
create_autologs(const struct master *master, const struct process *process,
    struct runtime *runtime)
{
	const struct config *config = master->config;

	for (int c = 0; c < CHANNEL_MAX; c++) {
		if (process->config->channels[c].target != LOG_TO_AUTO)
			continue;
		runtime->autologs[c] = autolog_create(config->childlogdir,
		    process->config->name, runtime_channel_words[c], config->identifier);
		if (runtime->autologs[c] == NULL) {
			log_critical("could not create an AUTO log for %s in %s: %s",
			    process->config->name, config->childlogdir, strerror(errno));
			return -1;
		}
	}
	return 0;
}

int
runtime_attach(struct master *master, struct process *process)
{
	struct runtime *runtime = calloc(1, sizeof(*runtime));

	if (runtime == NULL)
		return -1;
	process->runtime = runtime;
	runtime->front_end_fd = -1;
	runtime->timer = loop_timer(master->loop, timer_fired, process);
	if (runtime->timer == NULL || create_autologs(master, process, runtime) == -1)
		return -1;
	return 0;
}

/* A listener's words are for us alone. */
static bool
goes_to_syslog(const struct process *process, enum channel_id channel)
{
	return process->config->channels[channel].syslog &&
	    !(channel == CHANNEL_STDOUT &&
	        process->group->config->kind == GROUP_LISTENER_POOL);
}

int
runtime_add_channel(struct process *process, enum channel_id channel, int fd,
    struct logfile *log, bool hidden)
{
	const struct master *master = runtime_master(process);
	const struct channel_use use = {
	    .name = process->config->name,
	    .word = runtime_channel_words[channel],
	    .log = log,
	    .syslog = goes_to_syslog(process, channel) ? master->syslog : NULL,
	    .backlogs = master->backlogs,
	    .strip_ansi = &master->config->strip_ansi,
	    .hidden = hidden,
	};

	process->runtime->channels[channel] = channel_new(master->loop, fd, &use);
	return process->runtime->channels[channel] == NULL ? -1 : 0;
}

void
runtime_close_pipes(struct process *process)
{
	struct runtime *runtime = process->runtime;

	for (int c = 0; c < CHANNEL_MAX; c++) {
		channel_free(runtime->channels[c]);
		runtime->channels[c] = NULL;
	}
	input_free(runtime->input);
	runtime->input = NULL;
	if (process->group->config->kind == GROUP_INTERFACE)
		interface_unplug(process);
	if (runtime->listener != NULL)
		event_unref(listener_take(runtime->listener).event);
	free(runtime->listener);
	runtime->listener = NULL;
	if (runtime->printer != NULL)
		printer_clear(runtime->printer);
	free(runtime->printer);
	runtime->printer = NULL;
	logfile_free(runtime->print_log);
	runtime->print_log = NULL;
}

/* A process that has ended, or could not be spawned, uses its group's socket no more. */
static void
release_socket(struct process *process)
{
	if (!process->runtime->uses_socket)
		return;
	process->runtime->uses_socket = false;
	fcgi_drop(process->group->fcgi);
}

void
runtime_detach(struct process *process)
{
	struct runtime *runtime = process->runtime;

	if (runtime == NULL)
		return;
	release_socket(process);
	runtime_close_pipes(process);
	source_free(runtime->timer);
	for (int c = 0; c < CHANNEL_MAX; c++)
		free(runtime->autologs[c]);
	free(runtime->told);
	free(runtime);
	process->runtime = NULL;
}

const char *
runtime_log_path(const struct process *process, enum channel_id channel)
{
	const struct channel_config *config = &process->config->channels[channel];

	if (config->target == LOG_TO_FILE)
		return config->path;
	if (config->target == LOG_TO_AUTO && process->runtime != NULL &&
	    process->runtime->autologs[channel] != NULL)
		return process->runtime->autologs[channel];
	return "";
}

static void
drain(struct runtime *runtime)
{
	for (int c = 0; c < CHANNEL_MAX; c++) {
		if (runtime->channels[c] == NULL)
			continue;
		channel_drain(runtime->channels[c], DRAIN_MAX);
		channel_finish(runtime->channels[c]);
	}
}

void
runtime_reaped(void *ctx, pid_t pid, int wait_status)
{
	struct process *process = ctx;
	struct runtime *runtime = process->runtime;
	struct pool_event left = {0};

	if (pid != process->pid) {
		mood_break(runtime_master(process)->mood,
		    "a child was reaped that its process "
		    "does not know");
		return;
	}
	drain(runtime);
	if (runtime->listener != NULL)
		left = listener_take(runtime->listener);
	runtime_close_pipes(process);
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 127)
		runtime_explain_end(process, pid);
	process_reaped(process, wait_status);
	if (runtime->renewing)
		interface_renewed(process);
	/* An event that it was given and has not answered is another's. */
	if (left.event != NULL)
		pool_end(events_pool(runtime_master(process)->events, process->group),
		    process, left, false);
}

enum fault
runtime_check_command(struct process *process, char **why)
{
	struct command command = {0};
	enum fault fault;

	fault = command_resolve(
	    process->config->command, runtime_search_path(process), &command, why);
	command_clear(&command);
	return fault;
}

/* --- the other ops -------------------------------------------------------- */

static int
send_signal(struct process *process, pid_t target, int signo)
{
	if (process->killing)
		reaper_expect(runtime_master(process)->reaper, process->pid);
	return kill(target, signo);
}

static void
arm(struct process *process, int64_t deadline_ms)
{
	source_arm(process->runtime->timer, deadline_ms);
}

static void
enqueue(struct process *process)
{
	jobs_respawn(runtime_master(process)->jobs, process);
}

static void
changed(struct process *process, enum process_state from)
{
	struct master *master = runtime_master(process);

	if (process->pid == 0)
		release_socket(process);
	publish_changed(master->publisher, process);
	sequences_changed(master->sequences, process);
	if (from == process->state)
		return;
	events_process_state(master->events, process, from);
	group_process_changed(master->groups, process, from);
	if (process->group->unstopped > process->group->count)
		mood_break(master->mood, "more processes run in a group than it has");
	if (process_state_is_stopped(process->state))
		mood_process_stopped(master->mood, process);
}

static void
essential_failed(struct process *process)
{
	run_fail(runtime_master(process), process);
}

static bool
is_stopping(struct process *process)
{
	return mood_is_stopping(runtime_master(process)->mood);
}

const struct process_ops runtime_ops = {
    .spawn = runtime_spawn,
    .kill = send_signal,
    .arm = arm,
    .enqueue = enqueue,
    .changed = changed,
    .essential_failed = essential_failed,
    .is_stopping = is_stopping,
};

/* --- asked by commands ----------------------------------------------------- */

enum fault
runtime_write_stdin(struct process *process, const char *bytes, size_t n, char **why)
{
	struct input *input = process->runtime->input;

	if (process->pid == 0 || process->killing)
		return FAULT_NOT_RUNNING;
	if (input == NULL)
		return FAULT_NO_FILE;
	if (input_write(input, bytes, n) == 0)
		return FAULT_NONE;
	if (errno == EPIPE)
		return FAULT_NO_FILE;
	if (asprintf(why, "stdin of %s holds as much unread data as it may (%d bytes)",
	        process->config->name, INPUT_MAX) == -1)
		*why = NULL;
	return FAULT_FAILED;
}

enum fault
runtime_clear_logs(struct process *process)
{
	enum fault fault = FAULT_NONE;

	for (int c = 0; c < CHANNEL_MAX; c++) {
		struct channel *channel = process->runtime->channels[c];
		struct logfile *log = channel == NULL ? NULL : channel_log(channel);

		if (log == NULL || logfile_clear(log) == 0)
			continue;
		/* One that was gone is there again, unless its directory is gone too. */
		if (errno == ENOENT && access(logfile_path(log), F_OK) == 0)
			continue;
		log_limited(&process->runtime->uncleared, LEVEL_ERROR,
		    "could not clear %s: %s", logfile_path(log), strerror(errno));
		fault = FAULT_FAILED;
	}
	return fault;
}

void
runtime_reopen_logs(struct process *process)
{
	for (int c = 0; c < CHANNEL_MAX; c++) {
		struct channel *channel = process->runtime->channels[c];
		struct logfile *log = channel == NULL ? NULL : channel_log(channel);

		/* One that cannot be opened has said so, and is written on. */
		if (log != NULL)
			(void)logfile_reopen(log);
	}
}
