#include "master/process/transition.h"

#include <stdio.h>
#include <stdlib.h>

#define SECONDS_MAX 4000000000 /* avoids an overflow */

int64_t
transition_after(int64_t from_ms, int64_t seconds)
{
	if (seconds > SECONDS_MAX)
		seconds = SECONDS_MAX;
	if (seconds < 0)
		seconds = 0;
	return from_ms + seconds * 1000;
}

void
transition_arm(struct process *p)
{
	int64_t next = p->due_ms;

	if (p->report_ms != -1 && (next == -1 || p->report_ms < next))
		next = p->report_ms;
	if (next == p->deadline_ms)
		return;
	p->deadline_ms = next;
	p->ops->arm(p, next);
}

void
transition_to(struct process *p, enum process_state to, int64_t due_ms)
{
	enum process_state from = p->state;

	p->state = to;
	p->due_ms = due_ms;
	p->report_ms = -1;
	p->respawning = false;
	transition_arm(p);
	p->ops->changed(p, from);
}

void
transition_verdict(struct process *p, enum verdict verdict)
{
	if (p->last_spawn == p->spawn)
		return;
	p->last_spawn = p->spawn;
	p->verdict = verdict;
}

void
transition_enqueue(struct process *p)
{
	if (p->respawning)
		return;
	p->respawning = true;
	p->ops->enqueue(p);
}
