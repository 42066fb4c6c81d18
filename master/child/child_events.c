/* The events that are made of what a child writes. */
#include "master/child/child_impl.h"
#include "master/event/dispatch.h"
#include "master/process/group.h"

static void
child_event_log(void *ctx, enum output_id id, const char *bytes, size_t n)
{
	const struct process *process = ctx;

	dispatch_process_output(
	    process->child->context->dispatcher, process, id, false, bytes, n);
}

static void
child_event_communication(void *ctx, enum output_id id, const char *bytes, size_t n)
{
	const struct process *process = ctx;

	dispatch_process_output(
	    process->child->context->dispatcher, process, id, true, bytes, n);
}

/* By whether *_events_enabled is set. */
static const struct output_ops child_event_ops[2] = {
    {.communication = child_event_communication},
    {.output = child_event_log, .communication = child_event_communication},
};

int
child_listen(struct process *process, enum output_id id)
{
	const struct output_config *config = &process->config->outputs[id];
	const struct group_ops *ops = process->group->ops;

	if (id == OUTPUT_STDOUT && ops->listen != NULL)
		return ops->listen(process);
	if (!config->events_enabled && config->capture_maxbytes == 0)
		return 0;
	return output_tell(process->child->outputs[id],
	    &child_event_ops[config->events_enabled], process, config->capture_maxbytes);
}
