/* What a child writes becomes events, or is an event listener's word. */
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

static struct events *
events_of(const struct process *process)
{
	return runtime_master(process)->events;
}

static void
stdout_output(void *ctx, const char *bytes, size_t n)
{
	events_process_log(events_of(ctx), ctx, CHANNEL_STDOUT, bytes, n);
}

static void
stderr_output(void *ctx, const char *bytes, size_t n)
{
	events_process_log(events_of(ctx), ctx, CHANNEL_STDERR, bytes, n);
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
	events_process_communication(events_of(ctx), ctx, CHANNEL_STDOUT, bytes, n);
}

static void
stderr_communication(void *ctx, const char *bytes, size_t n)
{
	events_process_communication(events_of(ctx), ctx, CHANNEL_STDERR, bytes, n);
}

/* The daemon's standard output must not hold it up. */
static void
print(void *ctx, const char *bytes, size_t n)
{
	const struct process *process = ctx;
	struct logfile *log = process->runtime->print_log;

	if (log != NULL && logfile_fills(log))
		backlogs_write(runtime_master(process)->backlogs, log, bytes, n);
	else if (log != NULL)
		(void)logfile_write(log, bytes, n);
}

static void
listener_result(void *ctx, const char *bytes, size_t n)
{
	const struct process *process = ctx;

	printer_feed(process->runtime->printer, bytes, n, print, ctx);
}

static void
listener_ended(void *ctx, struct pool_event taken, bool processed)
{
	struct process *process = ctx;

	if (process->runtime->printer != NULL && processed)
		printer_end(process->runtime->printer, print, process);
	pool_end(events_pool(events_of(process), process->group), process, taken,
	    processed);
}

static const struct listener_ops listener_ops = {
    .end = listener_ended, .result = listener_result};

static void
listener_output(void *ctx, const char *bytes, size_t n)
{
	struct process *process = ctx;

	listener_feed(process->runtime->listener, bytes, n, &listener_ops, process);
}

/* By whether *_events_enabled is set. */
static const struct channel_ops tellers[CHANNEL_MAX][2] = {
    [CHANNEL_STDOUT] =
        {{.output = no_output, .communication = stdout_communication},
            {.output = stdout_output, .communication = stdout_communication}},
    [CHANNEL_STDERR] =
        {{.output = no_output, .communication = stderr_communication},
            {.output = stderr_output, .communication = stderr_communication}},
};

static const struct channel_ops protocol = {
    .output = listener_output, .is_protocol = true};

/* A listener whose results are printed waits for who reads them. */
static int
printed_fd(void *ctx)
{
	const struct process *process = ctx;

	return process->runtime->print_log == NULL ? -1 :
	    backlogs_fd(runtime_master(process)->backlogs, PRINT_PATH);
}

static const struct channel_ops printed_protocol = {
    .output = listener_output, .full_fd = printed_fd, .is_protocol = true};

static int
make_printer(struct process *process)
{
	struct runtime *runtime = process->runtime;

	runtime->printer = malloc(sizeof(*runtime->printer));
	if (runtime->printer == NULL)
		return -1;
	printer_init(runtime->printer);
	runtime->print_log = logfile_open(PRINT_PATH, 0, 0);
	if (runtime->print_log == NULL)
		log_limited(&runtime->unprinted, LEVEL_WARN,
		    "%s: its results cannot be printed: %s: %s", process->config->name,
		    PRINT_PATH, strerror(errno));
	return channel_tell(
	    runtime->channels[CHANNEL_STDOUT], &printed_protocol, process, 0);
}

/* A listener's standard output is its protocol and nothing else. */
static int
listen_to_protocol(struct process *process)
{
	enum result_handler handler = process->group->config->pool.handler;
	struct runtime *runtime = process->runtime;

	runtime->listener = malloc(sizeof(*runtime->listener));
	if (runtime->listener == NULL)
		return -1;
	listener_init(runtime->listener, process->config->name, handler,
	    &runtime->protocol);
	if (handler == RESULT_PRINTED)
		return make_printer(process);
	return channel_tell(runtime->channels[CHANNEL_STDOUT], &protocol, process, 0);
}

size_t
runtime_input_most(const struct process *process)
{
	return process->group->config->kind == GROUP_LISTENER_POOL ? 0 : INPUT_MAX;
}

int
runtime_listen(struct process *process, enum channel_id id)
{
	const struct channel_config *config = &process->config->channels[id];

	if (id == CHANNEL_STDOUT && process->group->config->kind == GROUP_LISTENER_POOL)
		return listen_to_protocol(process);
	if (!config->events_enabled && config->capture_maxbytes == 0)
		return 0;
	return channel_tell(process->runtime->channels[id],
	    &tellers[id][config->events_enabled], process, config->capture_maxbytes);
}

/* --- for pools --------------------------------------------------------------------- */

static struct listener *
listener_of(const struct process *process)
{
	return process->runtime->listener;
}

static int
write_event(struct process *process, const char *bytes, size_t n)
{
	if (process->runtime->input != NULL)
		return input_write(process->runtime->input, bytes, n);
	errno = EPIPE;
	return -1;
}

const struct pool_ops runtime_pool_ops = {.listener = listener_of, .write = write_event};
