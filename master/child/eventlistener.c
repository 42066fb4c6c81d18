#include "master/child/eventlistener.h"

#include "common/fail.h"
#include "common/log.h"
#include "master/child/child_impl.h"
#include "master/event/dispatch.h"
#include "master/log/backlog.h"
#include "master/log/logfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PRINT_PATH "/dev/stdout" /* the daemon's own */

/* --- the processes ------------------------------------------------------------------- */

struct eventlistener *
eventlistener_of(const struct process *process)
{
	return process->group->ops == &eventlistener_group_ops ? process->kind_state : NULL;
}

static int
eventlistener_attach(struct process *process)
{
	process->kind_state = calloc(1, sizeof(struct eventlistener));
	return process->kind_state == NULL ? -1 : 0;
}

static void
eventlistener_detach(struct process *process)
{
	free(process->kind_state);
	process->kind_state = NULL;
}

/* --- the pool ------------------------------------------------------------------------ */

static struct listener_protocol *
eventlistener_protocol(const struct process *process)
{
	const struct eventlistener *listener = process->kind_state;

	return listener->protocol;
}

static int
eventlistener_write(struct process *process, const char *bytes, size_t n)
{
	if (process->child->input != NULL)
		return stdin_queue_write(process->child->input, bytes, n);
	return fail_with(EPIPE);
}

static int
eventlistener_added(struct group *group)
{
	static const struct listener_pool_ops ops = {
	    .protocol = eventlistener_protocol, .write = eventlistener_write};
	struct listener_pool *pool = listener_pool_new(group, &ops);

	if (pool == NULL)
		return -1;
	group->shared = pool;
	dispatch_subscribe(group->ops_ctx, pool);
	return 0;
}

static void
eventlistener_removed(struct group *group)
{
	if (group->shared != NULL)
		dispatch_unsubscribe(group->ops_ctx, group->shared);
	group->shared = NULL;
}

static bool
eventlistener_is_busy(const struct group *group)
{
	return group->shared != NULL && listener_pool_is_busy(group->shared);
}

/* --- the output ---------------------------------------------------------------------- */

/* The reader of the daemon's standard output must not delay the daemon. */
static void
eventlistener_print(void *ctx, const char *bytes, size_t n)
{
	const struct process *process = ctx;
	const struct eventlistener *listener = process->kind_state;
	struct logfile *log = listener->print_log;

	if (log != NULL && logfile_fills(log))
		backlogs_write(process->child->context->backlogs, log, bytes, n);
	else if (log != NULL)
		(void)logfile_write(log, bytes, n);
}

static void
eventlistener_result(void *ctx, const char *bytes, size_t n)
{
	const struct process *process = ctx;
	const struct eventlistener *listener = process->kind_state;

	printer_feed(listener->printer, bytes, n, eventlistener_print, ctx);
}

static void
eventlistener_answered(void *ctx, struct pool_event answered, bool processed)
{
	struct process *process = ctx;
	const struct eventlistener *listener = process->kind_state;

	if (listener->printer != NULL && processed)
		printer_end(listener->printer, eventlistener_print, process);
	listener_pool_end(process->group->shared, process, answered, processed);
}

static void
eventlistener_output(void *ctx, enum output_id id UNUSED, const char *bytes, size_t n)
{
	static const struct listener_protocol_ops ops = {
	    .end = eventlistener_answered, .result = eventlistener_result};
	struct process *process = ctx;

	listener_protocol_feed(eventlistener_protocol(process), bytes, n, &ops, process);
}

/* Results are printed: no more are read while those before them wait for a reader. */
static int
eventlistener_full_fd(void *ctx)
{
	const struct process *process = ctx;
	const struct eventlistener *listener = process->kind_state;

	if (listener->print_log == NULL)
		return -1;
	return backlogs_fd(process->child->context->backlogs, PRINT_PATH);
}

static int
eventlistener_new_printer(const struct process *process)
{
	struct eventlistener *listener = process->kind_state;

	listener->printer = malloc(sizeof(*listener->printer));
	if (listener->printer == NULL)
		return -1;
	printer_init(listener->printer);
	listener->print_log = logfile_open(PRINT_PATH, 0, 0);
	if (listener->print_log == NULL)
		log_limited(&listener->unprinted, LEVEL_WARN,
		    "the results of %s cannot be printed to %s: %s", process->config->name,
		    PRINT_PATH, strerror(errno));
	return 0;
}

static int
eventlistener_listen(struct process *process)
{
	static const struct output_ops plain = {
	    .output = eventlistener_output, .is_protocol = true};
	static const struct output_ops printed = {.output = eventlistener_output,
	    .full_fd = eventlistener_full_fd, .is_protocol = true};
	enum result_handler handler = process->group->config->pool.handler;
	struct eventlistener *listener = process->kind_state;
	bool prints = handler == RESULT_PRINTED;

	listener->protocol = malloc(sizeof(*listener->protocol));
	if (listener->protocol == NULL)
		return -1;
	listener_protocol_init(
	    listener->protocol, process->config->name, handler, &listener->limits);
	if (prints && eventlistener_new_printer(process) == -1)
		return -1;
	return output_listen(
	    process->child->outputs[OUTPUT_STDOUT], prints ? &printed : &plain, process, 0);
}

/* --- the end ------------------------------------------------------------------------- */

static void
eventlistener_exited(struct process *process)
{
	struct eventlistener *listener = process->kind_state;

	if (listener->protocol != NULL)
		listener->unanswered = listener_protocol_take(listener->protocol);
}

static void
eventlistener_closed(struct process *process)
{
	struct eventlistener *listener = process->kind_state;

	if (listener == NULL)
		return;
	if (listener->protocol != NULL)
		event_unref(listener_protocol_take(listener->protocol).event);
	free(listener->protocol);
	listener->protocol = NULL;
	if (listener->printer != NULL)
		printer_clear(listener->printer);
	free(listener->printer);
	listener->printer = NULL;
	logfile_free(listener->print_log);
	listener->print_log = NULL;
}

/* An event that the process has not answered goes to another listener. */
static void
eventlistener_ended(struct process *process)
{
	struct eventlistener *listener = process->kind_state;
	struct pool_event unanswered = listener->unanswered;

	listener->unanswered = (struct pool_event){ 0 };
	if (unanswered.event != NULL)
		listener_pool_end(process->group->shared, process, unanswered, false);
}

const struct group_ops eventlistener_group_ops = {
    .stdin_is_unbounded = true,	/* the pool bounds the events */
    .needs_its_daemon = true,
    .added = eventlistener_added,
    .removed = eventlistener_removed,
    .is_busy = eventlistener_is_busy,
    .attach = eventlistener_attach,
    .detach = eventlistener_detach,
    .listen = eventlistener_listen,
    .exited = eventlistener_exited,
    .closed = eventlistener_closed,
    .ended = eventlistener_ended,
};
