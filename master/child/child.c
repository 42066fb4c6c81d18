#include "master/child/child.h"

#include "common/fail.h"
#include "common/log.h"
#include "common/mem.h"
#include "master/child/cgroup/cgroup_dir.h"
#include "master/child/child_impl.h"
#include "master/child/leftovers.h"
#include "master/log/autolog.h"
#include "master/log/logfile.h"
#include "master/process/group.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Read from a pipe when its writer was reaped: the default maximum of F_SETPIPE_SZ. */
#define DRAIN_MAX (1024 * 1024)

/* --- attaching -------------------------------------------------------------------- */

static void
child_timer_fired(void *ctx, uint32_t ready UNUSED)
{
	process_timeout(ctx);
}

static int
child_create_autologs(const struct process *process, struct child *child)
{
	const struct config *config = child->context->config;

	for (int c = 0; c < OUTPUT_MAX; c++) {
		if (process->config->outputs[c].target != LOG_TO_AUTO ||
		    child->context->resumes)
			continue;
		child->autologs[c] = autolog_create(config->childlogdir,
		    process->config->name, output_words[c], config->identifier);
		if (child->autologs[c] == NULL) {
			log_critical("could not create an AUTO log for %s in %s: %s",
			    process->config->name, config->childlogdir, strerror(errno));
			return -1;
		}
	}
	return 0;
}

int
child_attach(const struct child_context *context, struct process *process)
{
	const struct group_ops *ops = process->group->ops;
	struct child *child = calloc(1, sizeof(*child));

	if (child == NULL)
		return -1;
	process->child = child;
	child->pidfd = -1;
	child->oom_kills = child->cpu_us = -1;
	child->context = context;
	child->timer = loop_timer(context->loop, child_timer_fired, process);
	if (child->timer == NULL || child_create_autologs(process, child) == -1)
		return -1;
	return ops->attach != NULL ? ops->attach(process) : 0;
}

/* Processes may be left in it. */
static void
child_remove_cgroup(const struct process *process)
{
	const char *path = process->child->cgroup;

	if (path != NULL && cgroup_dir_remove(path) == -1)
		log_info("the control group of %s is kept: %s: %s", process->config->name,
		    path, strerror(errno));
	mem_freep(&process->child->cgroup);
}

void
child_close_pipes(struct process *process)
{
	const struct group_ops *ops = process->group->ops;
	struct child *child = process->child;

	for (int c = 0; c < OUTPUT_MAX; c++) {
		output_free(child->outputs[c]);
		child->outputs[c] = NULL;
	}
	stdin_queue_free(child->input);
	child->input = NULL;
	if (ops->closed != NULL)
		ops->closed(process);
}

void
child_detach(struct process *process)
{
	const struct group_ops *ops = process->group->ops;
	struct child *child = process->child;

	if (child == NULL)
		return;
	if (process->pid != 0)
		reaper_forget(child->context->reaper, process->pid);
	if (ops->released != NULL)
		ops->released(process);
	child_close_pipes(process);
	child_close_pidfd(child);
	if (ops->detach != NULL)
		ops->detach(process);
	leftovers_clear(child);
	child_remove_cgroup(process);
	free(child->mark);
	source_free(child->timer);
	for (int c = 0; c < OUTPUT_MAX; c++)
		free(child->autologs[c]);
	free(child->explained);
	free(child);
	process->child = NULL;
}

/* --- process_ops ---------------------------------------------------------------------- */

int
child_kill(struct process *process, pid_t target, int signo)
{
	if (process->ended_ms != -1)
		return fail_with(ESRCH);
	if (process->killing) {
		reaper_expect(process->child->context->reaper, process->pid);
		leftovers_note(process);
	}
	return child_signal(process, target, signo);
}

void
child_arm(struct process *process, int64_t deadline_ms)
{
	source_arm(process->child->timer, deadline_ms);
}

void
child_reaped(void *ctx, pid_t pid, int wait_status)
{
	struct process *process = ctx;

	if (pid != process->pid)
		process->ops->broken(
		    process, "a child was reaped that is not the process's current one");
	child_close_pidfd(process->child);
	if (pid == process->pid && !leftovers_begin(process, wait_status))
		child_ended(process, wait_status);
}

void
child_ended(struct process *process, int wait_status)
{
	const struct group_ops *ops = process->group->ops;

	for (int c = 0; c < OUTPUT_MAX; c++) {
		struct output *output = process->child->outputs[c];

		if (output == NULL)
			continue;
		output_drain(output, DRAIN_MAX);
		output_finish(output);
	}
	if (ops->exited != NULL)
		ops->exited(process);
	child_close_pipes(process);
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 127)
		child_explain_end(process, process->pid);
	process->last_reason = (int)child_exit_reason(process);
	process_reaped(process, wait_status);
	if (ops->ended != NULL)
		ops->ended(process);
}

/* --- for commands -------------------------------------------------------------------- */

const char *
child_log_path(const struct process *process, enum output_id id)
{
	const struct output_config *config = &process->config->outputs[id];

	if (config->target == LOG_TO_FILE)
		return config->path;
	if (config->target == LOG_TO_AUTO && process->child != NULL &&
	    process->child->autologs[id] != NULL)
		return process->child->autologs[id];
	return "";
}

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
	*why = mem_printf("the stdin queue of %s is full (%d bytes): the program does not "
			  "read its standard input",
	    process->config->name, STDIN_QUEUE_MAX);
	return FAULT_FAILED;
}

/* The open log file of an output, or NULL. */
static struct logfile *
child_log(const struct process *process, int id)
{
	const struct output *output = process->child->outputs[id];

	return output == NULL ? NULL : output->use.log;
}

enum fault
child_clear_logs(struct process *process)
{
	enum fault fault = FAULT_NONE;

	for (int c = 0; c < OUTPUT_MAX; c++) {
		struct logfile *log = child_log(process, c);

		if (log == NULL || logfile_clear(log) == 0)
			continue;
		/* ENOENT: the file had been removed. No error if it exists again. */
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
		struct logfile *log = child_log(process, c);

		/* A failure is logged; the old file stays open. */
		if (log != NULL)
			(void)logfile_reopen(log);
	}
}
