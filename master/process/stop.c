#include "master/process/stop.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define REPORT_EVERY_MS 2000
#define KILL_AGAIN_MS 1000 /* minimum, for stopwaitsecs=0 */

/* kill(2) has failed. ESRCH is harmless, because the process will be reaped; after another
 * error its state is unknown. */
static enum fault
stop_kill_failed(
    struct process *p, struct request *request, const char *what, const char *on_esrch)
{
	int err = errno;

	if (err == ESRCH) {
		log_debug("unable to signal %s (pid %d), it probably just %s on its own: "
			  "[Errno %d] %s",
		    p->config->name, (int)p->pid, on_esrch, err, strerror(err));
		return FAULT_NONE;
	}
	request->detail = mem_printf("unknown problem %s %s (%d): [Errno %d] %s", what,
	    p->config->name, (int)p->pid, err, strerror(err));
	log_critical("%s", request->detail != NULL ? request->detail : strerror(err));
	p->killing = false;
	transition_to(p, PROCESS_UNKNOWN, -1);
	return FAULT_FAILED;
}

static enum fault
stop_send(struct process *p, struct request *request, int signo, bool as_group)
{
	char name[32];

	log_debug("killing %s (pid %d) %swith signal %s", p->config->name, (int)p->pid,
	    as_group ? "process group " : "", str_signal_name(signo, name));
	if (p->ops->kill(p, as_group ? -p->pid : p->pid, signo) == 0)
		return FAULT_NONE;
	return stop_kill_failed(p, request, "killing", "exited");
}

enum fault
stop_signal(struct process *p, struct request *request)
{
	char name[32];

	log_debug("sending %s (pid %d) sig %s", p->config->name, (int)p->pid,
	    str_signal_name(request->number, name));
	if (p->ops->kill(p, p->pid, request->number) == 0)
		return FAULT_NONE;
	return stop_kill_failed(p, request, "sending sig", "now exited");
}

enum fault
stop_shutdown(struct process *p, struct request *request)
{
	p->killing = true;
	transition_verdict(p, VERDICT_STOPPED);
	transition_to(p, PROCESS_STOPPING,
	    transition_after(clock_mono_ms(), p->config->stopwaitsecs));
	return stop_send(p, request, p->config->stopsignal, p->config->stopasgroup);
}

void
stop_report(struct process *p)
{
	log_info("waiting for %s to stop", p->config->name);
	p->report_ms = clock_mono_ms() + REPORT_EVERY_MS;
}

enum fault
stop_begin(struct process *p, struct request *request)
{
	enum fault fault = stop_shutdown(p, request);

	if (fault == FAULT_NONE) {
		stop_report(p);
		transition_arm(p);
	}
	return fault;
}

enum fault
stop_backoff(struct process *p, struct request *request UNUSED)
{
	log_debug("Attempted to kill %s, which is in BACKOFF state.", p->config->name);
	transition_to(p, PROCESS_STOPPED, -1);
	return FAULT_NONE;
}

enum fault
stop_kill(struct process *p, struct request *request)
{
	int64_t now = clock_mono_ms();
	int64_t due = transition_after(now, p->config->stopwaitsecs);

	log_warn("killing '%s' (%d) with SIGKILL", p->config->name, (int)p->pid);
	p->due_ms = due < now + KILL_AGAIN_MS ? now + KILL_AGAIN_MS : due;
	transition_arm(p);
	if (p->config->killmode < KILL_TREE)
		return stop_send(p, request, SIGKILL, p->config->killasgroup);
	log_debug(
	    "killing %s (pid %d) and all of its processes", p->config->name, (int)p->pid);
	if (p->ops->kill_all(p) == 0)
		return FAULT_NONE;
	return stop_kill_failed(p, request, "killing", "exited");
}
