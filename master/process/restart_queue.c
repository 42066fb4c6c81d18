#include "master/process/restart_queue.h"

bool
restart_queue_push(struct restart_queue *q, const struct process *p)
{
	bool queued = id_queue_push(&q->ids, p->id) == 0;

	q->lost = q->lost || !queued;
	return queued;
}

bool
restart_queue_step(struct restart_queue *q, const struct groups *groups)
{
	uint64_t id = id_queue_pop(&q->ids);
	struct process *p = id != 0 ? groups_process(groups, id) : NULL;

	if (p != NULL)
		process_respawn(p);
	return id != 0;
}

bool
restart_queue_recover(struct restart_queue *q, const struct groups *groups)
{
	const struct process *p;

	q->lost = false;
	GROUPS_FOREACH_PROCESS(p, groups, NULL)
		if (p->respawning)
			(void)restart_queue_push(q, p);
	return !q->lost;
}
