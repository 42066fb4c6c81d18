#include "master/process/autorestart.h"

#include "common/clock.h"
#include "master/process/transition.h"

#define AUTORESTART_MS 1000 /* minimum from one start to the next */

bool
autorestart_exit_is_expected(const struct process *p)
{
	for (size_t i = 0; i < p->config->nexitcodes; i++)
		if (p->config->exitcodes[i] == p->exitstatus)
			return true;
	return false;
}

void
autorestart_decide(struct process *p)
{
	enum autorestart wanted = p->renewing ? AUTORESTART_TRUE : p->config->autorestart;
	bool expected = autorestart_exit_is_expected(p);

	p->renewing = false;
	if (wanted == AUTORESTART_TRUE || (wanted == AUTORESTART_UNEXPECTED && !expected))
		autorestart_begin(p);
	else if (!p->ops->is_stopping(p))
		transition_ended(p, !expected);
}

/* A program that exits at once would otherwise be started hundreds of times a second. */
void
autorestart_begin(struct process *p)
{
	int64_t due = p->started_ms + AUTORESTART_MS;

	if (p->ops->is_stopping(p))
		return;
	if (clock_mono_ms() >= due) {
		transition_enqueue(p);
		return;
	}
	p->due_ms = due + 1;
	transition_arm(p);
	p->ops->changed(p, p->state);
}
