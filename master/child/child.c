#include "master/child/child.h"

#include "common/log.h"
#include "common/loglimit.h"
#include "common/mem.h"
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

const char *const child_channel_words[OUTPUT_MAX] = {
    [OUTPUT_STDOUT] = "stdout",
    [OUTPUT_STDERR] = "stderr",
};

struct master *
child_master(const struct process *process)
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
    struct child *child)
{
	const struct config *config = master->config;

	for (int c = 0; c < OUTPUT_MAX; c++) {
		if (process->config->outputs[c].target != LOG_TO_AUTO)
			continue;
		child->autologs[c] = autolog_create(config->childlogdir,
		    process->config->name, child_channel_words[c], config->identifier);
		if (child->autologs[c] == NULL) {
			log_critical("could not create an AUTO log for %s in %s: %s",
			    process->config->name, config->childlogdir, strerror(errno));
			return -1;
		}
	}
	return 0;
}

int
child_attach(struct master *master, struct process *process)
{
	struct child *child = calloc(1, sizeof(*child));

	if (child == NULL)
		return -1;
	process->child = child;
	child->front_end_fd = -1;
	child->timer = loop_timer(master->loop, timer_fired, process);
	if (child->timer == NULL || create_autologs(master, process, child) == -1)
		return -1;
	return 0;
}

/* A listener's words are for us alone. */
static bool
goes_to_syslog(const struct process *process, enum output_id channel)
{
	return process->config->outputs[channel].syslog &&
	    !(channel == OUTPUT_STDOUT &&
	        process->group->config->kind == GROUP_LISTENER_POOL);
}

int
child_add_channel(struct process *process, enum output_id channel, int fd,
    struct logfile *log, bool hidden)
{
	const struct master *master = child_master(process);
	const struct output_use use = {
	    .name = process->config->name,
	    .word = child_channel_words[channel],
	    .log = log,
	    .syslog = goes_to_syslog(process, channel) ? master->syslog : NULL,
	    .backlogs = master->backlogs,
	    .strip_ansi = &master->config->strip_ansi,
	    .hidden = hidden,
	};

	process->child->outputs[channel] = output_new(master->loop, fd, &use);
	return process->child->outputs[channel] == NULL ? -1 : 0;
}

void
child_close_pipes(struct process *process)
{
	struct child *child = process->child;

	for (int c = 0; c < OUTPUT_MAX; c++) {
		output_free(child->outputs[c]);
		child->outputs[c] = NULL;
	}
	stdin_queue_free(child->input);
	child->input = NULL;
	if (process->group->config->kind == GROUP_INTERFACE)
		rpcinterface_unplug(child_master(process)->rpcinterfaces, process);
	if (child->listener != NULL)
		event_unref(listener_take(child->listener).event);
	free(child->listener);
	child->listener = NULL;
	if (child->printer != NULL)
		printer_clear(child->printer);
	free(child->printer);
	child->printer = NULL;
	logfile_free(child->print_log);
	child->print_log = NULL;
}

/* A process that has ended, or could not be spawned, uses its group's socket no more. */
static void
release_socket(struct process *process)
{
	if (!process->child->uses_socket)
		return;
	process->child->uses_socket = false;
	fcgi_socket_drop(process->group->fcgi);
}

void
child_detach(struct process *process)
{
	struct child *child = process->child;

	if (child == NULL)
		return;
	release_socket(process);
	child_close_pipes(process);
	source_free(child->timer);
	for (int c = 0; c < OUTPUT_MAX; c++)
		free(child->autologs[c]);
	free(child->told);
	free(child);
	process->child = NULL;
}

const char *
child_log_path(const struct process *process, enum output_id channel)
{
	const struct output_config *config = &process->config->outputs[channel];

	if (config->target == LOG_TO_FILE)
		return config->path;
	if (config->target == LOG_TO_AUTO && process->child != NULL &&
	    process->child->autologs[channel] != NULL)
		return process->child->autologs[channel];
	return "";
}

static void
drain(struct child *child)
{
	for (int c = 0; c < OUTPUT_MAX; c++) {
		if (child->outputs[c] == NULL)
			continue;
		output_drain(child->outputs[c], DRAIN_MAX);
		output_finish(child->outputs[c]);
	}
}

void
child_reaped(void *ctx, pid_t pid, int wait_status)
{
	struct process *process = ctx;
	struct child *child = process->child;
	struct pool_event left = {0};

	if (pid != process->pid) {
		daemon_break(child_master(process)->daemon,
		    "a child was reaped that its process "
		    "does not know");
		return;
	}
	drain(child);
	if (child->listener != NULL)
		left = listener_take(child->listener);
	child_close_pipes(process);
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 127)
		child_explain_end(process, pid);
	process_reaped(process, wait_status);
	if (child->renewing)
		rpcinterface_renewed(process);
	/* An event that it was given and has not answered is another's. */
	if (left.event != NULL)
		pool_end(dispatch_pool(child_master(process)->dispatcher, process->group),
		    process, left, false);
}

enum fault
child_check_command(struct process *process, char **why)
{
	struct command_line command = {0};
	enum fault fault;

	fault = command_line_resolve(
	    process->config->command, child_search_path(process), &command, why);
	command_line_clear(&command);
	return fault;
}

/* --- the other ops -------------------------------------------------------- */

static int
send_signal(struct process *process, pid_t target, int signo)
{
	if (process->killing)
		reaper_expect(child_master(process)->reaper, process->pid);
	return kill(target, signo);
}

static void
arm(struct process *process, int64_t deadline_ms)
{
	source_arm(process->child->timer, deadline_ms);
}

static void
enqueue(struct process *process)
{
	jobs_respawn(child_master(process)->jobs, process);
}

static void
changed(struct process *process, enum process_state from)
{
	struct master *master = child_master(process);

	if (process->pid == 0)
		release_socket(process);
	state_stream_changed(master->state_stream, process);
	sequences_changed(master->sequences, process);
	if (from == process->state)
		return;
	dispatch_process_state(master->dispatcher, process, from);
	group_process_changed(master->groups, process, from);
	if (process->group->unstopped > process->group->count)
		daemon_break(master->daemon, "more processes run in a group than it has");
	if (process_state_is_stopped(process->state))
		daemon_process_stopped(master->daemon, process);
}

static void
essential_failed(struct process *process)
{
	run_fail(child_master(process), process);
}

static bool
is_stopping(struct process *process)
{
	return daemon_is_stopping(child_master(process)->daemon);
}

const struct process_ops child_ops = {
    .spawn = child_spawn,
    .kill = send_signal,
    .arm = arm,
    .enqueue = enqueue,
    .changed = changed,
    .essential_failed = essential_failed,
    .is_stopping = is_stopping,
};

/* --- asked by commands ----------------------------------------------------- */

enum fault
child_write_stdin(struct process *process, const char *bytes, size_t n, char **why)
{
	struct stdin_queue *input = process->child->input;

	if (process->pid == 0 || process->killing)
		return FAULT_NOT_RUNNING;
	if (input == NULL)
		return FAULT_NO_FILE;
	if (stdin_queue_write(input, bytes, n) == 0)
		return FAULT_NONE;
	if (errno == EPIPE)
		return FAULT_NO_FILE;
	*why = mem_printf("stdin of %s holds as much unread data as it may (%d bytes)",
	    process->config->name, STDIN_QUEUE_MAX);
	return FAULT_FAILED;
}

enum fault
child_clear_logs(struct process *process)
{
	enum fault fault = FAULT_NONE;

	for (int c = 0; c < OUTPUT_MAX; c++) {
		struct output *channel = process->child->outputs[c];
		struct logfile *log = channel == NULL ? NULL : output_log(channel);

		if (log == NULL || logfile_clear(log) == 0)
			continue;
		/* One that was gone is there again, unless its directory is gone too. */
		if (errno == ENOENT && access(logfile_path(log), F_OK) == 0)
			continue;
		log_limited(&process->child->uncleared, LEVEL_ERROR,
		    "could not clear %s: %s", logfile_path(log), strerror(errno));
		fault = FAULT_FAILED;
	}
	return fault;
}

void
child_reopen_logs(struct process *process)
{
	for (int c = 0; c < OUTPUT_MAX; c++) {
		struct output *channel = process->child->outputs[c];
		struct logfile *log = channel == NULL ? NULL : output_log(channel);

		/* One that cannot be opened has said so, and is written on. */
		if (log != NULL)
			(void)logfile_reopen(log);
	}
}
