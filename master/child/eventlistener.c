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

/* --- the pool ------------------------------------------------------------------------ */

static struct listener_protocol *
eventlistener_of(const struct process *process)
{
	return process->child->listener;
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
	    .listener = eventlistener_of, .write = eventlistener_write};
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

/* The daemon's standard output must not delay it. */
static void
eventlistener_print(void *ctx, const char *bytes, size_t n)
{
	const struct process *process = ctx;
	struct logfile *log = process->child->print_log;

	if (log != NULL && logfile_fills(log))
		backlogs_write(process->child->context->backlogs, log, bytes, n);
	else if (log != NULL)
		(void)logfile_write(log, bytes, n);
}

static void
eventlistener_result(void *ctx, const char *bytes, size_t n)
{
	const struct process *process = ctx;

	printer_feed(process->child->printer, bytes, n, eventlistener_print, ctx);
}

static void
eventlistener_answered(void *ctx, struct pool_event taken, bool processed)
{
	struct process *process = ctx;

	if (process->child->printer != NULL && processed)
		printer_end(process->child->printer, eventlistener_print, process);
	listener_pool_end(process->group->shared, process, taken, processed);
}

static void
eventlistener_output(void *ctx, enum output_id id UNUSED, const char *bytes, size_t n)
{
	static const struct listener_protocol_ops ops = {
	    .end = eventlistener_answered, .result = eventlistener_result};
	struct process *process = ctx;

	listener_protocol_feed(process->child->listener, bytes, n, &ops, process);
}

/* A listener whose results are printed waits for their reader. */
static int
eventlistener_full_fd(void *ctx)
{
	const struct process *process = ctx;

	return process->child->print_log == NULL ?
	    -1 :
	    backlogs_fd(process->child->context->backlogs, PRINT_PATH);
}

static int
eventlistener_new_printer(struct process *process)
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
	return 0;
}

/* Standard output is the protocol and nothing else. */
static int
eventlistener_listen(struct process *process)
{
	static const struct output_ops plain = {
	    .output = eventlistener_output, .is_protocol = true};
	static const struct output_ops printed = {.output = eventlistener_output,
	    .full_fd = eventlistener_full_fd, .is_protocol = true};
	enum result_handler handler = process->group->config->pool.handler;
	bool prints = handler == RESULT_PRINTED;
	struct child *child = process->child;

	child->listener = malloc(sizeof(*child->listener));
	if (child->listener == NULL)
		return -1;
	listener_protocol_init(
	    child->listener, process->config->name, handler, &child->protocol);
	if (prints && eventlistener_new_printer(process) == -1)
		return -1;
	return output_tell(
	    child->outputs[OUTPUT_STDOUT], prints ? &printed : &plain, process, 0);
}

/* --- the end ------------------------------------------------------------------------- */

static void
eventlistener_exited(struct process *process)
{
	if (process->child->listener != NULL)
		process->child->unanswered =
		    listener_protocol_take(process->child->listener);
}

static void
eventlistener_closed(struct process *process)
{
	struct child *child = process->child;

	if (child->listener != NULL)
		event_unref(listener_protocol_take(child->listener).event);
	free(child->listener);
	child->listener = NULL;
	if (child->printer != NULL)
		printer_clear(child->printer);
	free(child->printer);
	child->printer = NULL;
	logfile_free(child->print_log);
	child->print_log = NULL;
}

/* An event that it was given and has not answered goes to another listener. */
static void
eventlistener_ended(struct process *process)
{
	struct pool_event left = process->child->unanswered;

	process->child->unanswered = (struct pool_event){ 0 };
	if (left.event != NULL)
		listener_pool_end(process->group->shared, process, left, false);
}

const struct group_ops eventlistener_group_ops = {
    .stdin_is_unbounded = true,	/* what waits in the pool is bounded */
    .added = eventlistener_added,
    .removed = eventlistener_removed,
    .is_busy = eventlistener_is_busy,
    .listen = eventlistener_listen,
    .exited = eventlistener_exited,
    .closed = eventlistener_closed,
    .ended = eventlistener_ended,
};
