#include "master/upgrade/child_state.h"

#include "common/fd.h"
#include "master/child/capture.h"
#include "master/child/child.h"
#include "master/child/child_impl.h"
#include "master/child/eventlistener.h"
#include "master/child/leftovers.h"
#include "master/child/reaper.h"
#include "master/log/logfile.h"
#include "master/process/group.h"
#include "master/upgrade/state_parts.h"
#include "master/upgrade/statefield.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct statefield child_rows[] = STATEFIELDS(CHILD_FIELDS, struct child);
static const struct statefield stdin_rows[] =
    STATEFIELDS(STDIN_QUEUE_FIELDS, struct stdin_queue);
static const struct statefield output_rows[] = STATEFIELDS(OUTPUT_FIELDS, struct output);
static const struct statefield logfile_rows[] =
    STATEFIELDS(LOGFILE_FIELDS, struct logfile_record);
static const struct statefield capture_rows[] = STATEFIELDS(CAPTURE_FIELDS, struct capture);
static const struct statefield listener_rows[] =
    STATEFIELDS(LISTENER_FIELDS, struct listener_protocol);
static const struct statefield printer_rows[] = STATEFIELDS(PRINTER_FIELDS, struct printer);

/* An output: its pipe, capture mode, and log. */
static json_t *
child_state_write_output(const struct process *process, enum output_id id)
{
	const struct output *output = process->child->outputs[id];
	const char *autolog = process->child->autologs[id];
	struct capture *capture = output != NULL ? output->capture : NULL;
	struct logfile *log = output != NULL ? output->use.log : NULL;
	int log_fd = log != NULL ? logfile_fd(log) : -1;
	json_t *object = json_object();

	state_parts_add(&object, "pipe", STATEFIELD_WRITE(output_rows, output));
	state_parts_add(&object, "capture", STATEFIELD_WRITE(capture_rows, capture));
	state_parts_add(&object, "log",
	    STATEFIELD_WRITE(logfile_rows, log != NULL ? logfile_record(log) : NULL));
	state_parts_add(&object, "log_fd", statefield_write_fd(&log_fd));
	state_parts_add(&object, "autolog", statefield_write_text(&autolog));
	return object;
}

json_t *
child_state_write(const struct process *process)
{
	const struct group_ops *ops = process->group->ops;
	const struct eventlistener *listener = eventlistener_of(process);
	const struct child *child = process->child;
	json_t *object;
	int socket = -1;

	if (child == NULL)
		return json_null();
	if (ops->input_fd != NULL)
		socket = ops->input_fd(process);
	object = json_object();
	state_parts_add(&object, "spawn", STATEFIELD_WRITE(child_rows, child));
	state_parts_add(&object, "socket", statefield_write_fd(&socket));
	state_parts_add(&object, "stdin", STATEFIELD_WRITE(stdin_rows, child->input));
	for (int id = 0; id < OUTPUT_MAX; id++)
		state_parts_add(&object, output_words[id],
		    child_state_write_output(process, (enum output_id)id));
	state_parts_add(&object, "listener",
	    STATEFIELD_WRITE(listener_rows, listener != NULL ? listener->protocol : NULL));
	state_parts_add(&object, "printer",
	    STATEFIELD_WRITE(printer_rows, listener != NULL ? listener->printer : NULL));
	return object;
}

/* All functions below return NULL, or the error: a member's name, or the system's
 * reason. */

static const char *
child_state_read_stdin(struct process *process, const json_t *json, int format)
{
	struct stdin_queue record = { .fd = -1 };
	struct child *child = process->child;
	const char *bad = STATEFIELD_READ(stdin_rows, json, &record, format);

	/* The child had closed its end before. */
	if (bad == NULL && record.fd == -1)
		return buf_len(&record.queue) == 0 ? NULL : "queue";
	if (bad == NULL)
		child->input = stdin_queue_new(
		    child->context->loop, record.fd, child_stdin_max(process));
	if (bad == NULL && child->input == NULL)
		bad = strerror(errno);
	/* EPIPE is no error: the child has closed its end meanwhile. */
	if (bad == NULL && buf_len(&record.queue) > 0 &&
	    stdin_queue_write(
		child->input, buf_data(&record.queue), buf_len(&record.queue)) == -1 &&
	    errno != EPIPE)
		bad = "queue";
	buf_clear(&record.queue);
	return bad;
}

/* The socket that is the standard input of a fcgi-program. */
static const char *
child_state_read_socket(struct process *process, const json_t *json)
{
	const struct group_ops *ops = process->group->ops;
	int fd;

	if (!statefield_read_fd(json, &fd) || (fd != -1 && ops->adopt_input == NULL))
		return "socket";
	if (fd != -1)
		ops->adopt_input(process, fd);
	return NULL;
}

static const char *
child_state_read_log(struct process *process, enum output_id id, const json_t *json,
    struct logfile **log, int format)
{
	struct logfile_record record = { 0 };
	int fd;

	if (!statefield_read_fd(json_object_get(json, "log_fd"), &fd))
		return "log_fd";
	json = json_object_get(json, "log");
	if (!json_is_null(json) &&
	    STATEFIELD_READ(logfile_rows, json, &record, format) != NULL) {
		fd_close(fd);
		return "log";
	}
	if (child_open_log(process, id, fd, log) == -1)
		return strerror(errno);
	if (*log != NULL)
		*logfile_record(*log) = record;
	return NULL;
}

static const char *
child_state_read_capture(struct output *output, const json_t *json, int format)
{
	struct capture *capture = output->capture;

	if (STATEFIELD_READ(capture_rows, json, capture, format) != NULL ||
	    (capture != NULL && !capture_is_sound(capture)))
		return "capture";
	return NULL;
}

/* An output that the child has closed exists until the child ends: its log can be cleared,
 * and text that capture mode holds is logged then. */
static const char *
child_state_read_output(
    struct process *process, enum output_id id, const json_t *json, int format)
{
	const json_t *pipe = json_object_get(json, "pipe");
	struct output record;
	struct logfile *log = NULL;
	const char *bad;

	if (!statefield_read_text(
		json_object_get(json, "autolog"), &process->child->autologs[id]))
		return "autolog";
	if (json_is_null(pipe))
		return json_is_null(json_object_get(json, "capture")) &&
			json_is_null(json_object_get(json, "log")) &&
			json_is_null(json_object_get(json, "log_fd")) ?
		    NULL :
		    "pipe";
	if (STATEFIELD_READ(output_rows, pipe, &record, format) != NULL)
		return "pipe";
	bad = child_state_read_log(process, id, json, &log, format);
	if (bad == NULL &&
	    child_add_output(process, id, record.fd, log, record.hidden) == -1)
		bad = strerror(errno);
	if (bad != NULL) {
		logfile_free(log);
		return bad;
	}
	if (child_listen(process, id) == -1)
		return strerror(errno);
	return child_state_read_capture(
	    process->child->outputs[id], json_object_get(json, "capture"), format);
}

static const char *
child_state_read_listener(const struct process *process, const json_t *json, int format)
{
	const struct eventlistener *listener = eventlistener_of(process);
	struct listener_protocol *protocol = listener != NULL ? listener->protocol : NULL;
	struct printer *printer = listener != NULL ? listener->printer : NULL;
	const json_t *one = json_object_get(json, "listener");

	if (STATEFIELD_READ(listener_rows, one, protocol, format) != NULL ||
	    (protocol != NULL && !listener_protocol_is_sound(protocol)))
		return "listener";
	one = json_object_get(json, "printer");
	if (STATEFIELD_READ(printer_rows, one, printer, format) != NULL ||
	    (printer != NULL && !printer_is_sound(printer)))
		return "printer";
	return NULL;
}

/* Waits for the end of its main process, which is not our child if it was taken over. If it
 * has ended, waits for the processes that it has started. */
static int
child_state_watch(struct process *process)
{
	struct child *child = process->child;
	struct reaper *reaper = child->context->reaper;

	if (process->ended_ms != -1)
		return leftovers_resume(process);
	if (process->pid == 0)
		return 0;
	if (child->pidfd == -1)
		return reaper_watch(reaper, process->pid, child_reaped, process);
	return reaper_watch_pidfd(
	    reaper, process->pid, child->pidfd, child_reaped, process);
}

int
child_state_read(struct process *process, const json_t *json, int format, char **why)
{
	const json_t *input = json_object_get(json, "stdin");
	const char *bad;

	if (json_is_null(json) != (process->child == NULL))
		return state_parts_check(why, process->config->name, "child");
	if (process->child == NULL)
		return 0;
	bad = STATEFIELD_READ(
	    child_rows, json_object_get(json, "spawn"), process->child, format);
	if (bad == NULL)
		bad = child_state_read_socket(process, json_object_get(json, "socket"));
	if (bad == NULL && !json_is_null(input))
		bad = child_state_read_stdin(process, input, format);
	for (int id = 0; bad == NULL && id < OUTPUT_MAX; id++)
		bad = child_state_read_output(process, (enum output_id)id,
		    json_object_get(json, output_words[id]), format);
	if (bad == NULL)
		bad = child_state_read_listener(process, json, format);
	if (bad == NULL && child_state_watch(process) == -1)
		bad = strerror(errno);
	return state_parts_check(why, process->config->name, bad);
}
