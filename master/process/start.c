#include "master/process/start.h"

#include "common/clock.h"
#include "common/log.h"
#include "master/process/backoff.h"

#include <errno.h>
#include <string.h>

#define ENDING_NOT_SPAWNED 127

void
start_run(struct process *p)
{
	transition_verdict(p, VERDICT_RUNNING);
	p->backoff = 0;
	transition_to(p, PROCESS_RUNNING, -1);
}

enum fault
start_up(struct process *p, struct request *request UNUSED)
{
	log_info("success: %s entered RUNNING state, process has stayed up for > than %lld "
		 "seconds (startsecs)",
	    p->config->name, (long long)p->config->startsecs);
	start_run(p);
	return FAULT_NONE;
}

static enum fault
start_failed(struct process *p, char *why_take)
{
	log_info("spawnerr: %s", why_take != NULL ? why_take : strerror(ENOMEM));
	transition_spawnerr(p, why_take);
	p->ending = ENDING_NOT_SPAWNED;
	transition_verdict(p, VERDICT_SPAWN_FAILED);
	backoff_begin(p);
	return FAULT_SPAWN_ERROR;
}

enum fault
start_spawn(struct process *p, struct request *request)
{
	char *why = NULL;
	pid_t pid;

	if (p->ops->is_stopping(p))
		return FAULT_SHUTDOWN_STATE;
	p->killing = p->has_exitstatus = false;
	p->exitstatus = 0;
	transition_spawnerr(p, NULL);
	process_explain(p, NULL);
	p->spawn++;
	p->started_ms = clock_mono_ms();
	p->start = clock_wall_ms() / 1000;
	transition_to(p, PROCESS_STARTING, -1);
	pid = p->ops->spawn(p, &why);
	if (pid == -1)
		return start_failed(p, why);
	p->pid = pid;
	log_info("spawned: '%s' with pid %d", p->config->name, (int)pid);
	if (p->config->startsecs <= 0)
		return start_up(p, request);
	p->due_ms = transition_after(p->started_ms, p->config->startsecs) + 1;
	transition_arm(p);
	p->ops->changed(p, PROCESS_STARTING);
	return FAULT_NONE;
}

enum fault
start_respawn(struct process *p, struct request *request)
{
	if (p->spawn > 0 && !p->ops->is_stopping(p))
		p->restarts++;
	return start_spawn(p, request);
}

enum fault
start_auto(struct process *p, struct request *request UNUSED)
{
	if (p->config->autostart && p->spawn == 0 && !p->autostart_cancelled &&
	    !p->ops->is_stopping(p))
		transition_enqueue(p);
	return FAULT_NONE;
}

enum fault
start_retry(struct process *p, struct request *request UNUSED)
{
	if (!p->ops->is_stopping(p))
		transition_enqueue(p);
	return FAULT_NONE;
}
