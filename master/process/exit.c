#include "master/process/exit.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "master/process/autorestart.h"
#include "master/process/backoff.h"
#include "master/process/start.h"
#include "master/process/waitstatus.h"

#include <sys/wait.h>

/* The pid is cleared after the change of the state, because the event has the pid. */
static void
exit_leave(struct process *p, enum process_state to)
{
	transition_to(p, to, -1);
	p->pid = 0;
	p->ops->changed(p, to);
}

static void
exit_keep_status(struct process *p, int wait_status)
{
	int signo = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
	int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;

	p->has_exitstatus = true;
	p->exitstatus = p->last_status = code;
	p->last_signal = signo;
	if (code == 0 || p->state == PROCESS_STOPPING)
		p->last_reason = REASON_NONE;
	p->ending = code != -1 ? code : signo != 0 ? 128 + signo : 255;
	p->stop = clock_wall_ms() / 1000;
}

static void
exit_log(const struct process *p, int wait_status, bool expected)
{
	char text[WAITSTATUS_TEXT];

	log_at(expected ? LEVEL_INFO : LEVEL_WARN, "exited: %s (%s%s; %sexpected)",
	    p->config->name, waitstatus_text(wait_status, text),
	    p->last_reason == REASON_OUT_OF_MEMORY ? ", out of memory" : "",
	    expected ? "" : "not ");
}

enum fault
exit_itself(struct process *p, struct request *request)
{
	bool expected;

	exit_keep_status(p, request->number);
	expected = autorestart_exit_is_expected(p);
	exit_log(p, request->number, expected);
	if (!expected)
		transition_spawnerr(p, mem_printf("Bad exit code %d", p->exitstatus));
	exit_leave(p, PROCESS_EXITED);
	autorestart_decide(p);
	return FAULT_NONE;
}

enum fault
exit_early(struct process *p, struct request *request)
{
	int64_t ended_ms = p->ended_ms != -1 ? p->ended_ms : clock_mono_ms();

	if (p->renewing ||
	    ended_ms >= transition_after(p->started_ms, p->config->startsecs)) {
		start_run(p);
		return exit_itself(p, request);
	}
	exit_keep_status(p, request->number);
	p->has_exitstatus = false;
	p->exitstatus = 0;
	exit_log(p, request->number, false);
	transition_spawnerr(
	    p, mem_printf("Exited too quickly (process log may have details)"));
	transition_verdict(p, VERDICT_EXITED_EARLY);
	p->pid = 0;
	backoff_begin(p);
	return FAULT_NONE;
}

enum fault
exit_stopped(struct process *p, struct request *request)
{
	char text[WAITSTATUS_TEXT];

	p->killing = false;
	exit_keep_status(p, request->number);
	log_at(autorestart_exit_is_expected(p) ? LEVEL_INFO : LEVEL_WARN,
	    "stopped: %s (%s)", p->config->name, waitstatus_text(request->number, text));
	exit_leave(p, PROCESS_STOPPED);
	if (p->renewing)
		autorestart_begin(p);
	p->renewing = false;
	return FAULT_NONE;
}

enum fault
exit_lost(struct process *p, struct request *request)
{
	exit_keep_status(p, request->number);
	exit_log(p, request->number, autorestart_exit_is_expected(p));
	exit_leave(p, PROCESS_UNKNOWN);
	transition_ended(p, false);
	return FAULT_NONE;
}
