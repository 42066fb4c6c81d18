#include "master/process/process.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "master/process/backoff.h"
#include "master/process/exit.h"
#include "master/process/group.h"
#include "master/process/start.h"
#include "master/process/stop.h"
#include "master/process/transition.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum event {
	EV_START,
	EV_STOP,
	EV_SHUTDOWN,
	EV_SIGNAL,
	EV_AUTOSTART,
	EV_RESPAWN,
	EV_TIMEOUT,
	EV_REAPED,
	EV_MAX
};

/* The reaction to an event in a state: an action, or only an answer. */
struct cell {
	transition_fn *act;
	enum fault answer;
	bool is_known;
};

#define DO(action) { .act = (action), .is_known = true }
#define ANSWER(fault) { .answer = (fault), .is_known = true }

static const char *const event_names[EV_MAX] = {
	[EV_START] = "start",
	[EV_STOP] = "stop",
	[EV_SHUTDOWN] = "shutdown",
	[EV_SIGNAL] = "signal",
	[EV_AUTOSTART] = "autostart",
	[EV_RESPAWN] = "respawn",
	[EV_TIMEOUT] = "timeout",
	[EV_REAPED] = "reaped",
};

/* ---- answers ---- */

/* A stop of a process that does not run. */
static enum fault
process_stay_down(struct process *p, struct request *request UNUSED)
{
	(void)process_cancel_start(p);
	return FAULT_NOT_RUNNING;
}

/* A stop of a process that is being stopped already, perhaps to be started again. */
static enum fault
process_stop_again(struct process *p, struct request *request UNUSED)
{
	bool renewing = p->renewing;

	p->renewing = false;
	return renewing ? FAULT_NONE : FAULT_NOT_RUNNING;
}

static enum fault
process_start_stopping(struct process *p, struct request *request UNUSED)
{
	log_warn("process '%s' already running", p->config->name);
	return FAULT_NONE;
}

static enum fault
process_start_unknown(struct process *p, struct request *request)
{
	request->detail = mem_printf("%s is in an unknown process state", p->config->name);
	return FAULT_FAILED;
}

/* Cells of states whose row does not have the event. Other empty cells should never be
 * reached; they are logged at DEBG and ignored. */
static const struct cell process_defaults[EV_MAX] = {
	[EV_STOP] = ANSWER(FAULT_NOT_RUNNING),
	[EV_SHUTDOWN] = ANSWER(FAULT_NONE),
	[EV_SIGNAL] = ANSWER(FAULT_NOT_RUNNING),
	[EV_AUTOSTART] = ANSWER(FAULT_NONE),
};

static const struct {
	enum process_state state;
	struct cell on[EV_MAX];
} process_rows[] = {
	{ PROCESS_STOPPED, {
		[EV_START] = DO(start_spawn),
		[EV_STOP] = DO(process_stay_down),
		[EV_AUTOSTART] = DO(start_auto),
		[EV_RESPAWN] = DO(start_respawn),
		[EV_TIMEOUT] = DO(start_retry),
	} },
	{ PROCESS_STARTING, {
		[EV_START] = ANSWER(FAULT_ALREADY_STARTED),
		[EV_STOP] = DO(stop_begin),
		[EV_SHUTDOWN] = DO(stop_shutdown),
		[EV_SIGNAL] = DO(stop_signal),
		[EV_TIMEOUT] = DO(start_up),
		[EV_REAPED] = DO(exit_early),
	} },
	{ PROCESS_RUNNING, {
		[EV_START] = ANSWER(FAULT_ALREADY_STARTED),
		[EV_STOP] = DO(stop_begin),
		[EV_SHUTDOWN] = DO(stop_shutdown),
		[EV_SIGNAL] = DO(stop_signal),
		[EV_REAPED] = DO(exit_itself),
	} },
	{ PROCESS_BACKOFF, {
		[EV_START] = ANSWER(FAULT_ALREADY_STARTED),
		[EV_STOP] = DO(stop_backoff),
		[EV_SHUTDOWN] = DO(backoff_give_up),
		[EV_RESPAWN] = DO(start_respawn),
		[EV_TIMEOUT] = DO(start_retry),
	} },
	{ PROCESS_STOPPING, {
		[EV_START] = DO(process_start_stopping),
		[EV_STOP] = DO(process_stop_again),
		[EV_SIGNAL] = DO(stop_signal),
		[EV_TIMEOUT] = DO(stop_kill),
		[EV_REAPED] = DO(exit_stopped),
	} },
	{ PROCESS_EXITED, {
		[EV_START] = DO(start_spawn),
		[EV_STOP] = DO(process_stay_down),
		[EV_RESPAWN] = DO(start_respawn),
		[EV_TIMEOUT] = DO(start_retry),
	} },
	{ PROCESS_FATAL, {
		[EV_START] = DO(start_spawn),
	} },
	{ PROCESS_UNKNOWN, {
		[EV_START] = DO(process_start_unknown),
		[EV_REAPED] = DO(exit_lost),
	} },
};

static enum fault
process_event(struct process *p, enum event event, struct request *request)
{
	const struct cell *cell = NULL;

	for (size_t i = 0; i < nitems(process_rows); i++)
		if (process_rows[i].state == p->state)
			cell = &process_rows[i].on[event];
	if (cell == NULL || !cell->is_known)
		cell = &process_defaults[event];
	if (cell->act != NULL)
		return cell->act(p, request);
	if (!cell->is_known)
		log_debug("%s: %s ignored in state %s", p->config->name, event_names[event],
		    process_state_name(p->state));
	return cell->answer;
}

/* detail NULL: the caller does not report the outcome. */
static enum fault
process_request(struct process *p, enum event event, int number, char **detail)
{
	struct request request = { .number = number };
	enum fault fault = process_event(p, event, &request);

	if (detail != NULL)
		*detail = request.detail;
	else
		free(request.detail);
	return fault;
}

/* ---- the interface ---- */

struct process *
process_new(uint64_t id, struct group *group, const struct process_config *config,
    const struct process_ops *ops, void *ops_ctx)
{
	struct process *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->id = id;
	p->group = group;
	p->config = config;
	p->ops = ops;
	p->ops_ctx = ops_ctx;
	p->state = PROCESS_STOPPED;
	p->ended_ms = p->deadline_ms = p->due_ms = p->report_ms = p->rejected_ms = -1;
	return p;
}

void
process_free(struct process *p)
{
	if (p == NULL)
		return;
	free(p->spawnerr);
	free(p->failure);
	free(p);
}

enum fault
process_start(struct process *p, uint64_t *spawn, char **detail)
{
	uint64_t before = p->spawn;
	enum fault fault = process_request(p, EV_START, 0, detail);

	*spawn = p->spawn != before ? p->spawn : 0;
	return fault;
}

enum fault
process_stop(struct process *p, char **detail)
{
	return process_request(p, EV_STOP, 0, detail);
}

enum fault
process_signal(struct process *p, int signo, char **detail)
{
	return process_request(p, EV_SIGNAL, signo, detail);
}

void
process_shutdown(struct process *p)
{
	(void)process_request(p, EV_SHUTDOWN, 0, NULL);
}

void
process_autostart(struct process *p)
{
	(void)process_request(p, EV_AUTOSTART, 0, NULL);
}

void
process_respawn(struct process *p)
{
	if (!p->respawning)
		return; /* started or stopped by hand meanwhile */
	p->respawning = false;
	(void)process_request(p, EV_RESPAWN, 0, NULL);
}

bool
process_cancel_start(struct process *p)
{
	if (!process_start_is_pending(p))
		return false;
	log_info("%s: pending start cancelled", p->config->name);
	p->respawning = false;
	p->due_ms = -1;
	transition_arm(p);
	p->autostart_cancelled = p->spawn == 0;
	p->ops->changed(p, p->state);
	return true;
}

bool
process_renew(struct process *p)
{
	p->renewing = process_stop(p, NULL) == FAULT_NONE;
	return p->renewing;
}

/* Neither the end of startsecs nor SIGKILL is due any more. */
void
process_ending(struct process *p)
{
	p->ended_ms = clock_mono_ms();
	p->due_ms = -1;
	transition_arm(p);
}

void
process_take_over(struct process *p, const struct process_past *past)
{
	p->pid = past->pid;
	p->spawn = past->spawn;
	p->restarts = past->restarts;
	p->start = past->start;
	p->started_ms = clock_mono_ms();
	log_info("taken over: '%s' with pid %d", p->config->name, (int)p->pid);
	start_run(p);
}

void
process_reaped(struct process *p, int wait_status)
{
	(void)process_request(p, EV_REAPED, wait_status, NULL);
	p->ended_ms = -1;
}

void
process_timeout(struct process *p)
{
	int64_t now = clock_mono_ms();

	p->deadline_ms = -1; /* the timer has fired; transition_arm arms it again */
	if (p->report_ms != -1 && now >= p->report_ms)
		stop_report(p);
	if (p->due_ms != -1 && now >= p->due_ms) {
		p->due_ms = -1;
		(void)process_request(p, EV_TIMEOUT, 0, NULL);
	}
	transition_arm(p);
}

/* ---- times ---- */

/* 0 stays 0, which stands for none. */
static void
process_shift(int64_t *time, int64_t seconds)
{
	if (*time != 0)
		*time = *time + seconds > 0 ? *time + seconds : 1;
}

void
process_clock_was_set(struct process *p, int64_t seconds)
{
	process_shift(&p->start, seconds);
	process_shift(&p->stop, seconds);
}

/* ---- rows ---- */

static char *
process_stopped_at(const struct process *p)
{
	char text[64];

	if (p->state != PROCESS_STOPPED && p->state != PROCESS_EXITED)
		return strdup("");
	if (p->start == 0)
		return strdup("Not started");
	clock_local_text(text, sizeof(text), "%b %d %I:%M %p", p->stop);
	return strdup(text);
}

/* In BACKOFF and while a process does not run, only a start can be due. */
static int64_t
process_next_start(const struct process *p)
{
	if (p->due_ms == -1 ||
	    (p->state != PROCESS_BACKOFF && !process_state_is_stopped(p->state)))
		return 0;
	return (clock_wall_ms() + p->due_ms - clock_mono_ms()) / 1000;
}

int
process_info_of(const struct process *p, const char *stdout_log, const char *stderr_log,
    struct process_info *info)
{
	char **texts[PROCESS_INFO_TEXTS];

	*info = (struct process_info){
		.id = p->id,
		.spawn = p->spawn,
		.last_spawn = p->last_spawn,
		.verdict = p->verdict,
		.group = strdup(p->group->config->name),
		.name = strdup(p->config->name),
		.state = p->state,
		.pid = p->pid,
		.start = p->start,
		.stop = p->stop,
		.exitstatus = p->has_exitstatus ? p->exitstatus : 0,
		.last_status = p->last_status,
		.last_signal = p->last_signal,
		.last_reason = (enum exit_reason)p->last_reason,
		.spawnerr = strdup(p->spawnerr != NULL ? p->spawnerr : ""),
		.failure = strdup(p->failure != NULL ? p->failure : ""),
		.stopped_at = process_stopped_at(p),
		.stdout_logfile = strdup(stdout_log),
		.stderr_logfile = strdup(stderr_log),
		.fed_by_pipe = !p->group->ops->has_no_stdin,
		.ready = p->state == PROCESS_RUNNING,
		.waiting_for = strdup(""),
		.next_start = process_next_start(p),
		.restarts = p->restarts,
		.autostart = p->config->autostart,
	};
	process_info_texts(info, texts);
	for (size_t i = 0; i < nitems(texts); i++)
		if (*texts[i] == NULL) {
			process_info_clear(info);
			return -1;
		}
	return 0;
}
