#include "master/upgrade/child_state.h"

#include "common/buf.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/mem.h"
#include "master/child/child.h"
#include "master/child/child_impl.h"
#include "master/child/reap.h"
#include "master/log/logfile.h"
#include "master/process/group.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
get_queue(const struct stdin_queue *input, struct statedoc_pipes *pipes)
{
	const struct buf *queue = stdin_queue_queue(input);

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
    const struct process *process, enum output_id id, struct statedoc_output *output)
{
	const struct output *channel = process->child->outputs[id];
	const char *path = child_log_path(process, id);
	const struct logfile *log = channel == NULL ? NULL : output_log(channel);
	const struct capture *capture = NULL;

	if (channel != NULL) {
		output->fd = output_fd(channel);
		output->hidden = output_is_hidden(channel);
		capture = output_capture(channel);
	}
	if (capture != NULL && capture_get(capture, &output->capture) == -1)
		return -1;
	output->captures = capture != NULL;
	if (log != NULL) {
		output->log_fd = logfile_fd(log);
		output->generation = logfile_generation(log);
		output->lost = logfile_lost(log, &output->lost_errno);
	}
	if (*path == '\0')
		return 0;
	output->log_path = strdup(path);
	return output->log_path == NULL ? -1 : 0;
}

static void
get_listener(const struct listener *listener, struct statedoc_pipes *pipes)
{
	pipes->listens = true;
	pipes->listener = *listener;
	pipes->listener.name = NULL;
	pipes->listener.limits = NULL;
	if (listener->outstanding.event != NULL)
		event_ref(listener->outstanding.event);
}

static int
get_printer(const struct printer *printer, struct statedoc_pipes *pipes)
{
	if (printer == NULL)
		return 0;
	if (printer->prefix != NULL && (pipes->prefix = strdup(printer->prefix)) == NULL)
		return -1;
	pipes->nprinting = buf_len(&printer->line);
	pipes->printing = malloc(pipes->nprinting + 1);
	if (pipes->printing == NULL)
		return -1;
	memcpy(pipes->printing, buf_data(&printer->line), pipes->nprinting);
	return 0;
}

/* The sockets of an interface are not written down: their ends end within messages of
 * processes that are replaced, and a new front end has the program started anew. */
static int
get(void *ctx, const struct process *process, struct statedoc_pipes *pipes)
{
	const struct child *child = process->child;

	(void)ctx;
	pipes->renewing = process->renewing;
	if (process->group->ops->input_fd != NULL)
		pipes->stdin_fd = process->group->ops->input_fd(process);
	if (child->input != NULL) {
		pipes->stdin_fd = stdin_queue_fd(child->input);
		if (get_queue(child->input, pipes) == -1)
			return -1;
	}
	for (int c = 0; c < OUTPUT_MAX; c++)
		if (get_output(process, c, &pipes->outputs[c]) == -1)
			return -1;
	if (child->listener != NULL)
		get_listener(child->listener, pipes);
	return get_printer(child->printer, pipes);
}

/* -1 with EINVAL: the document is not of this configuration. */
static int
misfit(void)
{
	return fail_with(EINVAL);
}

static int
put_input(struct process *process, struct statedoc_pipes *pipes)
{
	struct child *child = process->child;

	if (pipes->stdin_fd == -1)
		return 0;
	if (process->group->ops->adopt_input != NULL) {
		process->group->ops->adopt_input(process, pipes->stdin_fd);
		pipes->stdin_fd = -1;
		return 0;
	}
	child->input = stdin_queue_new(child->context->loop, pipes->stdin_fd,
	    child_stdin_max(process));
	if (child->input == NULL)
		return -1;
	pipes->stdin_fd = -1;
	/* A child that closed its end meanwhile has lost nothing that it would have read.
	 */
	if (pipes->nqueued > 0 &&
	    stdin_queue_write(child->input, pipes->queued, pipes->nqueued) == -1 &&
	    errno != EPIPE)
		return -1;
	return 0;
}

/* The log is opened anew by its path: two descriptors on one file append alike. */
static int
put_channel(struct process *process, enum output_id id, struct statedoc_output *output)
{
	struct logfile *log = NULL;

	if (child_open_log(process, id, &log) == -1)
		return -1;
	if (log != NULL)
		logfile_resume(log, output->generation, output->lost, output->lost_errno);
	if (child_add_output(process, id, output->fd, log, output->hidden) == -1) {
		logfile_free(log);
		return -1;
	}
	output->fd = -1;
	fd_close(output->log_fd);
	output->log_fd = -1;
	return child_listen(process, id);
}

static void
put_autolog(struct process *process, enum output_id id, struct statedoc_output *output)
{
	struct child *child = process->child;

	if (process->config->outputs[id].target != LOG_TO_AUTO || output->log_path == NULL)
		return;
	free(child->autologs[id]);
	child->autologs[id] = output->log_path;
	output->log_path = NULL;
}

/* A live process has the channels that a spawn makes, also one that it has closed: its log
 * can still be cleared, and what was captured is written at its end. */
static int
put_output(struct process *process, enum output_id id, struct statedoc_output *output)
{
	bool redirected = id == OUTPUT_STDERR && process->config->redirect_stderr;
	struct capture *capture;

	put_autolog(process, id, output);
	if (process->pid == 0 || redirected)
		return output->fd == -1 && !output->captures ? 0 : misfit();
	if (put_channel(process, id, output) == -1)
		return -1;
	capture = output_capture(process->child->outputs[id]);
	if (output->captures != (capture != NULL))
		return misfit();
	return capture == NULL ? 0 : capture_put_back(capture, &output->capture);
}

/* The part of the present result that is not printed yet. */
static int
put_printer(struct printer *printer, const struct statedoc_pipes *pipes)
{
	bool begun = pipes->prefix != NULL || pipes->nprinting > 0;

	if (printer == NULL)
		return begun ? misfit() : 0;
	if (pipes->prefix != NULL && (printer->prefix = strdup(pipes->prefix)) == NULL)
		return -1;
	if (buf_append(&printer->line, pipes->printing, pipes->nprinting) == -1)
		return -1;
	return printer_is_sound(printer) ? 0 : misfit();
}

static int
put_listener(struct process *process, struct statedoc_pipes *pipes)
{
	struct listener *listener = process->child->listener;

	if (pipes->listens != (listener != NULL))
		return misfit();
	if (listener == NULL)
		return 0;
	*listener = pipes->listener;
	listener->name = process->config->name;
	listener->handler = process->group->config->pool.handler;
	listener->limits = &process->child->protocol;
	(void)listener_take(&pipes->listener);
	return put_printer(process->child->printer, pipes);
}

static int
put(void *ctx, struct process *process, struct statedoc_pipes *pipes, char **why)
{
	int rc = put_input(process, pipes);

	(void)ctx;
	process->renewing = pipes->renewing;
	for (int c = 0; rc == 0 && c < OUTPUT_MAX; c++)
		rc = put_output(process, c, &pipes->outputs[c]);
	if (rc == 0)
		rc = put_listener(process, pipes);
	if (rc == 0 && process->pid != 0)
		rc = reaper_watch(
		    process->child->context->reaper, process->pid, child_reaped, process);
	if (rc == -1)
		*why = mem_printf("%s: %s", process->config->name, errno == EINVAL ?
		    "the state document does not fit its configuration" : strerror(errno));
	return rc;
}

const struct statedoc_ops child_state_ops = {.get = get, .put = put};
