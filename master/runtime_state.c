#include "master/runtime_state.h"

#include "common/buf.h"
#include "master/fcgi.h"
#include "master/logfile.h"
#include "master/reap.h"
#include "master/runtime.h"
#include "master/runtime_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
get_queue(const struct input *input, struct statedoc_pipes *pipes)
{
	const struct buf *queue = input_queue(input);

	pipes->nqueued = buf_len(queue);
	if (pipes->nqueued == 0)
		return 0;
	pipes->queued = malloc(pipes->nqueued);
	if (pipes->queued == NULL)
		return -1;
	memcpy(pipes->queued, buf_data(queue), pipes->nqueued);
	return 0;
}

static int
get_output(
    const struct process *process, enum channel_id id, struct statedoc_output *output)
{
	const struct channel *channel = process->runtime->channels[id];
	const char *path = runtime_log_path(process, id);
	const struct logfile *log = channel == NULL ? NULL : channel_log(channel);

	if (channel != NULL)
		output->fd = channel_fd(channel);
	if (log != NULL) {
		output->log_fd = logfile_fd(log);
		output->generation = logfile_generation(log);
	}
	if (*path == '\0')
		return 0;
	output->log_path = strdup(path);
	return output->log_path == NULL ? -1 : 0;
}

static int
get(void *ctx, const struct process *process, struct statedoc_pipes *pipes)
{
	const struct runtime *runtime = process->runtime;

	(void)ctx;
	if (runtime->uses_socket)
		pipes->stdin_fd = fcgi_fd(process->group->fcgi);
	if (runtime->input != NULL) {
		pipes->stdin_fd = input_fd(runtime->input);
		if (get_queue(runtime->input, pipes) == -1)
			return -1;
	}
	for (int c = 0; c < CHANNEL_MAX; c++)
		if (get_output(process, c, &pipes->outputs[c]) == -1)
			return -1;
	return 0;
}

/* Its standard input is its group's socket: all processes name the same descriptor. */
static void
put_socket(struct process *process, struct statedoc_pipes *pipes)
{
	fcgi_adopt(process->group->fcgi, pipes->stdin_fd);
	process->runtime->uses_socket = true;
	pipes->stdin_fd = -1;
}

static int
put_input(struct process *process, struct statedoc_pipes *pipes)
{
	struct runtime *runtime = process->runtime;

	if (pipes->stdin_fd == -1)
		return 0;
	if (process->group->fcgi != NULL) {
		put_socket(process, pipes);
		return 0;
	}
	runtime->input = input_new(runtime_master(process)->loop, pipes->stdin_fd,
	    runtime_input_most(process));
	if (runtime->input == NULL)
		return -1;
	pipes->stdin_fd = -1;
	/* A child that closed its end meanwhile has lost nothing that it would have read.
	 */
	if (pipes->nqueued > 0 &&
	    input_write(runtime->input, pipes->queued, pipes->nqueued) == -1 &&
	    errno != EPIPE)
		return -1;
	return 0;
}

/* The log is opened anew by its path: two descriptors on one file append alike. */
static int
put_output(struct process *process, enum channel_id id, struct statedoc_output *output)
{
	struct runtime *runtime = process->runtime;
	struct logfile *log = NULL;

	if (process->config->channels[id].target == LOG_TO_AUTO &&
	    output->log_path != NULL) {
		free(runtime->autologs[id]);
		runtime->autologs[id] = output->log_path;
		output->log_path = NULL;
	}
	if (output->fd == -1)
		return 0;
	if (runtime_open_log(process, id, &log) == -1)
		return -1;
	if (log != NULL)
		logfile_resume(log, output->generation);
	if (runtime_add_channel(process, id, output->fd, log) == -1) {
		logfile_free(log);
		return -1;
	}
	output->fd = -1;
	if (output->log_fd != -1)
		close(output->log_fd);
	output->log_fd = -1;
	return 0;
}

static int
put(void *ctx, struct process *process, struct statedoc_pipes *pipes, char **why)
{
	int rc = put_input(process, pipes);

	(void)ctx;
	for (int c = 0; rc == 0 && c < CHANNEL_MAX; c++)
		rc = put_output(process, c, &pipes->outputs[c]);
	if (rc == 0 && process->pid != 0)
		rc = reaper_watch(
		    runtime_master(process)->reaper, process->pid, runtime_reaped, process);
	if (rc == -1 &&
	    asprintf(why, "%s: %s", process->config->name, strerror(errno)) == -1)
		*why = NULL;
	return rc;
}

const struct statedoc_ops runtime_state_ops = {.get = get, .put = put};
