#include "master/process/backoff.h"

#include "common/clock.h"
#include "common/log.h"

enum fault
backoff_give_up(struct process *p, struct request *request UNUSED)
{
	p->backoff = 0;
	transition_to(p, PROCESS_FATAL, -1);
	return FAULT_NONE;
}

/* Each wait is a second longer than the one before. A main program has one attempt. */
void
backoff_begin(struct process *p)
{
	bool again = ++p->backoff <= p->config->startretries && !p->config->is_main;

	transition_to(p, PROCESS_BACKOFF,
	    again ? transition_after(clock_mono_ms(), p->backoff) + 1 : -1);
	if (again)
		return;
	if (!p->config->is_main)
		log_info("gave up: %s entered FATAL state, too many start retries too "
			 "quickly",
		    p->config->name);
	(void)backoff_give_up(p, NULL);
	transition_ended(p, true);
}
