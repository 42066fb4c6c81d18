/* What a child writes becomes events, or is an event listener's word. */
#include "common/fail.h"
#include "master/child/child.h"

#include "common/log.h"
#include "common/loglimit.h"
#include "master/child/backlog.h"
#include "master/child/child_impl.h"
#include "master/event/dispatch.h"
#include "master/log/logfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PRINT_PATH "/dev/stdout"	/* the daemon's own */

static struct dispatcher *
dispatch_of(const struct process *process)
{
	return child_master(process)->dispatcher;
}

static void
stdout_output(void *ctx, const char *bytes, size_t n)
{
	dispatch_process_log(dispatch_of(ctx), ctx, OUTPUT_STDOUT, bytes, n);
}

static void
stderr_output(void *ctx, const char *bytes, size_t n)
{
	dispatch_process_log(dispatch_of(ctx), ctx, OUTPUT_STDERR, bytes, n);
}

static void
no_output(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	(void)bytes;
	(void)n;
}

static void
stdout_communication(void *ctx, const char *bytes, size_t n)
{
	dispatch_process_communication(dispatch_of(ctx), ctx, OUTPUT_STDOUT, bytes, n);
}

static void
stderr_communication(void *ctx, const char *bytes, size_t n)
{
	dispatch_process_communication(dispatch_of(ctx), ctx, OUTPUT_STDERR, bytes, n);
}

/* The daemon's standard output must not hold it up. */
static void
print(void *ctx, const char *bytes, size_t n)
{
	const struct process *process = ctx;
	struct logfile *log = process->child->print_log;

	if (log != NULL && logfile_fills(log))
		backlogs_write(child_master(process)->backlogs, log, bytes, n);
	else if (log != NULL)
		(void)logfile_write(log, bytes, n);
}

static void
listener_result(void *ctx, const char *bytes, size_t n)
{
	const struct process *process = ctx;

	printer_feed(process->child->printer, bytes, n, print, ctx);
}

static void
listener_ended(void *ctx, struct pool_event taken, bool processed)
{
	struct process *process = ctx;

	if (process->child->printer != NULL && processed)
		printer_end(process->child->printer, print, process);
	pool_end(dispatch_pool(dispatch_of(process), process->group), process, taken,
	    processed);
}

static const struct listener_ops listener_ops = {
    .end = listener_ended, .result = listener_result};

static void
listener_output(void *ctx, const char *bytes, size_t n)
{
	struct process *process = ctx;

	listener_feed(process->child->listener, bytes, n, &listener_ops, process);
}

/* By whether *_events_enabled is set. */
static const struct output_ops tellers[OUTPUT_MAX][2] = {
    [OUTPUT_STDOUT] =
        {{.output = no_output, .communication = stdout_communication},
            {.output = stdout_output, .communication = stdout_communication}},
    [OUTPUT_STDERR] =
        {{.output = no_output, .communication = stderr_communication},
            {.output = stderr_output, .communication = stderr_communication}},
};

static const struct output_ops protocol = {
    .output = listener_output, .is_protocol = true};

/* A listener whose results are printed waits for who reads them. */
static int
printed_fd(void *ctx)
{
	const struct process *process = ctx;

	return process->child->print_log == NULL ? -1 :
	    backlogs_fd(child_master(process)->backlogs, PRINT_PATH);
}

static const struct output_ops printed_protocol = {
    .output = listener_output, .full_fd = printed_fd, .is_protocol = true};

static int
make_printer(struct process *process)
{
	struct child *child = process->child;

	child->printer = malloc(sizeof(*child->printer));
	if (child->printer == NULL)
		return -1;
	printer_init(child->printer);
	child->print_log = logfile_open(PRINT_PATH, 0, 0);
	if (child->print_log == NULL)
		log_limited(&child->unprinted, LEVEL_WARN,
		    "%s: its results cannot be printed: %s: %s", process->config->name,
		    PRINT_PATH, strerror(errno));
	return output_tell(
	    child->outputs[OUTPUT_STDOUT], &printed_protocol, process, 0);
}

/* A listener's standard output is its protocol and nothing else. */
static int
listen_to_protocol(struct process *process)
{
	enum result_handler handler = process->group->config->pool.handler;
	struct child *child = process->child;

	child->listener = malloc(sizeof(*child->listener));
	if (child->listener == NULL)
		return -1;
	listener_init(child->listener, process->config->name, handler,
	    &child->protocol);
	if (handler == RESULT_PRINTED)
		return make_printer(process);
	return output_tell(child->outputs[OUTPUT_STDOUT], &protocol, process, 0);
}

size_t
child_input_most(const struct process *process)
{
	return process->group->config->kind == GROUP_LISTENER_POOL ? 0 : STDIN_QUEUE_MAX;
}

int
child_listen(struct process *process, enum output_id id)
{
	const struct output_config *config = &process->config->outputs[id];

	if (id == OUTPUT_STDOUT && process->group->config->kind == GROUP_LISTENER_POOL)
		return listen_to_protocol(process);
	if (!config->events_enabled && config->capture_maxbytes == 0)
		return 0;
	return output_tell(process->child->outputs[id],
	    &tellers[id][config->events_enabled], process, config->capture_maxbytes);
}

/* --- for pools --------------------------------------------------------------------- */

static struct listener *
listener_of(const struct process *process)
{
	return process->child->listener;
}

static int
write_event(struct process *process, const char *bytes, size_t n)
{
	if (process->child->input != NULL)
		return stdin_queue_write(process->child->input, bytes, n);
	return fail_with(EPIPE);
}

const struct pool_ops child_pool_ops = {.listener = listener_of, .write = write_event};
