#include "master/daemon/process_hooks.h"

#include "master/child/child.h"
#include "master/child/leftovers.h"
#include "master/control/sequence.h"
#include "master/control/state_stream.h"
#include "master/daemon/run.h"
#include "master/event/dispatch.h"
#include "master/survivors/survivors.h"

static void
process_hooks_enqueue(struct process *process)
{
	const struct master *master = process->ops_ctx;

	jobs_respawn(master->jobs, process);
}

static void
process_hooks_broken(struct process *process, const char *reason)
{
	const struct master *master = process->ops_ctx;

	daemon_state_break(master->daemon, reason);
}

static void
process_hooks_changed(struct process *process, enum process_state from)
{
	const struct master *master = process->ops_ctx;
	struct group *group = process->group;

	if (process->pid == 0 && group->ops->released != NULL)
		group->ops->released(process);
	state_stream_changed(master->state_stream, process);
	sequences_changed(master->sequences, process);
	survivors_process_changed(master->survivors, process, from);
	if (from == process->state)
		return;
	dispatch_process_state(master->dispatcher, process, from);
	group_process_changed(master->groups, process, from);
	if (group->unstopped > group->count)
		daemon_state_break(
		    master->daemon, "a group counts more running processes than it has");
	if (process_state_is_stopped(process->state))
		daemon_state_process_stopped(master->daemon, process);
}

static void
process_hooks_essential_ended(struct process *process)
{
	run_end_with(process->ops_ctx, process);
}

static bool
process_hooks_is_stopping(const struct process *process)
{
	const struct master *master = process->ops_ctx;

	return daemon_state_is_stopping(master->daemon);
}

const struct process_ops process_hooks = {
    .spawn = child_spawn,
    .kill = child_kill,
    .kill_all = leftovers_kill_all,
    .arm = child_arm,
    .enqueue = process_hooks_enqueue,
    .changed = process_hooks_changed,
    .essential_ended = process_hooks_essential_ended,
    .broken = process_hooks_broken,
    .is_stopping = process_hooks_is_stopping,
};
