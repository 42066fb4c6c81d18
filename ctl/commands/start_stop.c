#include "ctl/commands/start_stop.h"

#include "common/clock.h"
#include "common/map.h"
#include "common/mem.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"
#include "ctl/commands/stop_wait.h"
#include "ctl/commands/unfinished.h"
#include "ctl/daemon/control.h"
#include "ctl/daemon/control_job.h"
#include "proto/wait.h"

#include <stdlib.h>
#include <string.h>

#define RESTART_BYTES (64 * 1024)	/* of names in one request … */
#define RESTART_NAMES 2000		/* … and how many, patterns being one each */

/* start, stop and signal are one command with three sets of methods and words. */
struct operation {
	enum show_action action;
	enum wait_kind wait;
	const char *one, *group, *all;	/* group NULL: names are of processes alone */
	int no_group_status;
	const char *signal;	/* NULL but for signal */
	struct map *down;	/* names without a process, whose logs nobody empties; or
				 * NULL */
	struct session *session;
	/* The last line on a terminal. */
	size_t done, total;	/* results; total 0 = nothing is said of them */
	struct stop_wait *waiting; /* of a stop, or NULL */
	char *waiting_for;	/* owned, or NULL */
	bool shown;
};

/* On a terminal the last line says how far a command on several processes has come, and
 * what a stop waits for. */
static void
start_stop_show_progress(struct operation *op)
{
	FILE *out = op->session->out;
	bool counted = op->total > 1 && op->done < op->total;

	if (!op->session->broken && (counted || op->waiting_for != NULL)) {
		if (counted)
			fprintf(out, "%zu of %zu%s", op->done, op->total,
			    op->waiting_for != NULL ? ", " : "");
		fputs(op->waiting_for != NULL ? op->waiting_for : "", out);
		op->shown = true;
	}
	fflush(out);
}

static void
start_stop_hide_progress(struct operation *op)
{
	if (op->shown)
		fputs("\r\033[K", op->session->out);
	op->shown = false;
}

/* Whether a command on a whole group, or on all, has a result for such a process. */
static bool
start_stop_is_concerned(const struct operation *op, const struct process_info *row)
{
	bool running = process_state_is_running(row->state);

	return op->action == SHOW_START ? !running : op->action == SHOW_CLEAR || running;
}

/* Of the processes of a group, or with NULL of all. */
static size_t
start_stop_count_concerned(const struct operation *op, const struct server_rows *rows,
    const char *group)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->count; i++)
		n += (group == NULL || strcmp(rows->list[i]->group, group) == 0) &&
		    start_stop_is_concerned(op, rows->list[i]);
	return n;
}

/* How many results are to come, about. */
static size_t
start_stop_expected(const struct operation *op, const struct words *names)
{
	struct server_rows rows;
	size_t total = 0;

	if (!op->session->terminal || !session_rows(op->session, &rows))
		return 0;
	if (names->all)
		return start_stop_count_concerned(op, &rows, NULL);
	for (size_t i = 0; i < names->count; i++) {
		char *group, *name;
		namespec_split(names->list[i], &group, &name);
		total += name != NULL ? 1 : start_stop_count_concerned(op, &rows, group);
		free(group);
		free(name);
	}
	return total;
}

/* Each second, over the control socket, where states are told while the stop goes on. */
static void
start_stop_on_tick(void *ctx)
{
	struct operation *op = ctx;
	const struct mirror *mirror = control_mirror(server_control(op->session->server));
	struct server_rows rows = { 0 };

	rows.list = mirror_sorted(mirror, &rows.count);
	start_stop_hide_progress(op);
	free(op->waiting_for);
	op->waiting_for = stop_wait_now(op->waiting, &rows, clock_mono_ms());
	start_stop_show_progress(op);
}

/* Begins to say what a stop waits for. */
static void
start_stop_begin_waiting(struct operation *op, const struct words *names)
{
	struct session *s = op->session;
	struct server_rows rows;
	struct reply r;

	if (!s->terminal || op->action != SHOW_STOP || s->broken)
		return;
	if (server_config(s->server, &r) == 0)
		op->waiting = stop_wait_new(r.result, names);
	reply_clear(&r);
	if (op->waiting == NULL)
		return;
	if (server_is_control(s->server)) {
		control_tick(server_control(s->server), start_stop_on_tick, op);
		return;
	}
	if (server_rows(s->server, &rows, &r) == 0)
		op->waiting_for = stop_wait_ahead(op->waiting, &rows);
	reply_clear(&r);
}

static void
start_stop_end_waiting(struct operation *op)
{
	if (op->waiting != NULL && server_is_control(op->session->server))
		control_tick(server_control(op->session->server), NULL, NULL);
	stop_wait_free(op->waiting);
	free(op->waiting_for);
}

/* The server reports success for logs that it leaves as they are. */
static enum fault
start_stop_outcome(const struct operation *op, const struct bulk_result *r)
{
	char *spec;
	bool down;

	if (op->down == NULL || (r->fault != FAULT_NONE && r->fault != FAULT_SUCCESS))
		return r->fault;
	spec = namespec_join(r->group, r->name);
	down = map_get(op->down, spec) != NULL;
	free(spec);
	return down ? FAULT_NOT_RUNNING : r->fault;
}

/* On standard error, why a process does not run: supervisorctl's words do not say it. */
static void
start_stop_explain(const struct operation *op, const struct bulk_result *r,
    enum fault fault)
{
	const struct control *control = server_control(op->session->server);
	const struct process_info *row = control == NULL ? NULL :
	    mirror_find(control_mirror(control), r->group, r->name);

	if (op->session->err != NULL && row != NULL && op->action == SHOW_START &&
	    (fault == FAULT_SPAWN_ERROR || fault == FAULT_ABNORMAL_TERMINATION ||
	    (fault == FAULT_ALREADY_STARTED && row->state == PROCESS_BACKOFF)))
		show_failure(op->session->err, row);
}

static void
start_stop_result(void *ctx, const struct bulk_result *r)
{
	struct operation *op = ctx;
	struct session *s = op->session;
	enum fault fault = start_stop_outcome(op, r);

	if (s->broken)
		return;
	start_stop_hide_progress(op);
	op->done++;
	mem_freep(&op->waiting_for);
	if (r->cancelled)
		show_cancelled(s->out, r->group, r->name);
	else if (!show_outcome(s->out, op->action, r->group, r->name, fault, r->text))
		session_fault(s, fault, r->text);
	else
		s->status = show_exit(op->action, fault, s->status);
	fflush(s->out);
	start_stop_explain(op, r, fault);
	start_stop_show_progress(op);
}

static json_t *
start_stop_params(const struct operation *op, const char *name)
{
	json_t *params = json_object();

	if (name != NULL)
		json_object_set_new(params, "name", json_string(name));
	if (op->signal != NULL)
		json_object_set_new(params, "signal", json_string(op->signal));
	return params;
}

/* What became of a single process. */
static void
start_stop_one_result(struct operation *op, const char *group, const char *name,
    const char *spec, const struct reply *r)
{
	if (r->fault == FAULT_BAD_NAME)
		session_unknown(op->session, spec);
	/* clear knows no groups, and supervisorctl then shows Python's None. */
	start_stop_result(op, &(struct bulk_result){ .group = group, .fault = r->fault,
	    .name = name != NULL ? name : "None", .text = r->text,
	    .cancelled = r->cancelled });
}

static void
start_stop_no_group(struct operation *op, const char *group, const char *spec)
{
	struct session *s = op->session;

	fprintf(s->out, "%s: ERROR (no such group)\n", group);
	s->status = op->no_group_status;
	session_unknown(s, spec);
}

static void
start_stop_one(struct operation *op, const char *group, const char *name, const char *spec)
{
	struct session *s = op->session;
	struct reply r;

	if (server_call_wait(s->server, op->one, start_stop_params(op, spec), op->wait,
	    start_stop_result, op, &r) == -1) {
		session_lost(s);
	} else {
		start_stop_one_result(op, group, name, spec, &r);
	}
	reply_clear(&r);
}

static void
start_stop_group(struct operation *op, const char *group, const char *spec)
{
	struct session *s = op->session;
	struct reply r;

	if (server_call_wait(s->server, op->group, start_stop_params(op, group), op->wait,
	    start_stop_result, op, &r) == -1) {
		session_lost(s);
	} else if (r.fault == FAULT_BAD_NAME) {
		start_stop_no_group(op, group, spec);
	} else if (r.fault != FAULT_NONE) {
		session_fault(s, r.fault, r.text);
	}
	reply_clear(&r);
}

static void
start_stop_all(struct operation *op)
{
	struct session *s = op->session;
	struct reply r;

	if (server_call_wait(s->server, op->all, start_stop_params(op, NULL), op->wait,
	    start_stop_result, op, &r) == -1)
		session_lost(s);
	else if (r.fault != FAULT_NONE)
		session_fault(s, r.fault, r.text);
	reply_clear(&r);
}

static void
start_stop_name(struct operation *op, const char *spec)
{
	char *group, *name;

	namespec_split(spec, &group, &name);
	if (name == NULL && op->group != NULL)
		start_stop_group(op, group, spec);
	else
		start_stop_one(op, group, name, spec);
	free(group);
	free(name);
}

/* The processes of one pattern. Those that would have to be waited for one after another
 * are waited for together. */
static void
start_stop_run(struct operation *op, char *const *names, size_t count)
{
	struct session *s = op->session;
	struct control *control = server_control(s->server);

	if (count > 1 && control != NULL && op->wait != WAIT_NOT) {
		if (control_call_many(control, op->one, names, count, op->wait,
		    start_stop_result, op) == -1)
			session_error(s, control_lost(control));
		return;
	}
	for (size_t i = 0; i < count && !s->broken; i++)
		start_stop_name(op, names[i]);
}

static void
start_stop(struct operation *op, const struct words *names)
{
	size_t count = names->all ? 0 : names->count, run;

	op->total = start_stop_expected(op, names);
	start_stop_begin_waiting(op, names);
	start_stop_show_progress(op);
	if (names->all)
		start_stop_all(op);
	for (size_t i = 0; i < count && !op->session->broken; i += run) {
		run = words_of_pattern(names, i);
		start_stop_run(op, names->list + i, run);
	}
	start_stop_hide_progress(op);
	start_stop_end_waiting(op);
}

static const struct operation starting = { .action = SHOW_START, .wait = WAIT_START,
	.one = "process.start", .group = "group.start", .all = "all.start",
	.no_group_status = EXIT_INVALID_ARGS };

static const struct operation stopping = { .action = SHOW_STOP, .wait = WAIT_STOP,
	.one = "process.stop", .group = "group.stop", .all = "all.stop",
	.no_group_status = EXIT_GENERIC };

static void
start_stop_start_names(struct session *s, const struct words *names)
{
	struct operation op = starting;

	op.session = s;
	start_stop(&op, names);
}

static void
start_stop_stop_names(struct session *s, const struct words *names)
{
	struct operation op = stopping;

	op.session = s;
	start_stop(&op, names);
}

/* --- restart --- */

struct restart {
	struct operation stop, start;
};

static void
restart_result(void *ctx, bool start, const struct bulk_result *r)
{
	struct restart *restart = ctx;

	start_stop_result(start ? &restart->start : &restart->stop, r);
}

/* A step on what exists needs no words: its processes have theirs. */
static void
restart_step(void *ctx, const char *action, const char *target, enum fault fault,
    const char *text)
{
	struct restart *restart = ctx;
	struct operation *op = *action == 's' && action[2] == 'a' ? &restart->start :
	    &restart->stop;
	char *group, *name;

	if (fault == FAULT_NONE || op->session->broken)
		return;
	namespec_split(target, &group, &name);
	if (name == NULL && fault == FAULT_BAD_NAME)
		start_stop_no_group(op, group, target);
	else
		start_stop_one_result(op, group, name, target, &(struct reply){ .fault =
		    fault, .text = (char *)(uintptr_t)text });
	free(group);
	free(name);
}

static const struct control_job_events restart_events = {
	.result = restart_result,
	.step = restart_step,
};

/* New: the names for process.restart, those of one pattern to be worked on together; or
 * NULL when they are too many for one request, or no text. */
static json_t *
restart_params(const struct words *names)
{
	json_t *list = json_array();
	size_t run, bytes = 0;

	for (size_t i = 0; list != NULL && i < names->count; i += run) {
		char *together;

		run = words_of_pattern(names, i);
		together = words_join(names, i, run, "\n");
		bytes += strlen(together);
		if (bytes > RESTART_BYTES || json_array_size(list) == RESTART_NAMES ||
		    json_array_append_new(list, json_string(together)) == -1) {
			json_decref(list);
			list = NULL;
		}
		free(together);
	}
	return list == NULL ? NULL : json_pack("{so}", "names", list);
}

/* The daemon carries it out, also without us. False when it cannot. */
static bool
restart_by_daemon(struct session *s, const struct words *names)
{
	json_t *params = names->all ? json_object() : restart_params(names);
	struct restart restart = { stopping, starting };
	struct operation every = { .action = SHOW_CLEAR, .session = s };
	struct reply r;
	bool known;

	if (params == NULL)
		return false;
	restart.stop.session = restart.start.session = s;
	restart.stop.total = start_stop_expected(&restart.stop, names);
	restart.start.total = start_stop_expected(&every, names);
	start_stop_begin_waiting(&restart.stop, names);
	start_stop_show_progress(&restart.stop);
	if (control_job_run(server_control(s->server),
	    names->all ? "all.restart" : "process.restart", params, &restart_events,
	    &restart, &r) == -1)
		session_error(s, control_lost(server_control(s->server)));
	known = r.fault != FAULT_UNKNOWN_METHOD;
	if (known && r.fault != FAULT_NONE)
		session_fault(s, r.fault, r.text);
	start_stop_hide_progress(&restart.stop);
	start_stop_end_waiting(&restart.stop);
	reply_clear(&r);
	return known;
}

static void
restart_by_ourselves(struct session *s, const struct words *names)
{
	struct unfinished unfinished;
	char *words = names->all ? xstrdup("all") : words_join(names, 0, names->count, " ");

	unfinished_begin(&unfinished, xasprintf("reevectl: interrupted: what has been "
	    "stopped is not started again; to start it: reevectl start %s", words), true);
	free(words);
	start_stop_stop_names(s, names);
	if (!s->broken)
		start_stop_start_names(s, names);
	unfinished_end(&unfinished);
}

static void
restart_names(struct session *s, const struct words *names)
{
	struct unfinished unfinished;
	bool done = false;

	if (server_control(s->server) != NULL) {
		unfinished_begin(&unfinished, xstrdup("reevectl: interrupted: the daemon "
		    "carries on with the restart"), false);
		done = restart_by_daemon(s, names);
		unfinished_end(&unfinished);
	}
	if (!done)
		restart_by_ourselves(s, names);
}

/* New: the names of the processes that do not run, or NULL. */
static struct map *
start_stop_names_down(struct session *s)
{
	static char there;
	struct map *down = map_new();
	struct server_rows rows;
	struct reply r;

	if (server_rows(s->server, &rows, &r) == -1)
		rows.count = 0;
	for (size_t i = 0; i < rows.count && down != NULL; i++) {
		const struct process_info *row = rows.list[i];
		char *spec = namespec_join(row->group, row->name);

		if (row->pid == 0 && map_set(down, spec, &there) == -1)
			abort();
		free(spec);
	}
	reply_clear(&r);
	return down;
}

static void
start_stop_clear_names(struct session *s, const struct words *names)
{
	struct operation op = { .action = SHOW_CLEAR, .wait = WAIT_NOT,
		.one = "log.clear", .all = "all.clear", .session = s,
		.down = start_stop_names_down(s) };

	start_stop(&op, names);
	map_free(op.down);
}

/* A command on the names that follow, which must not be missing. `goes_on`: the daemon
 * finishes what it has begun also when we are interrupted. */
static void
start_stop_command(struct session *s, const char *args,
    void (*run)(struct session *, const struct words *), int misused, bool goes_on)
{
	struct unfinished unfinished;
	struct words names;
	char *problem;

	if (!session_connect(s))
		return;
	words_split(&names, args);
	if (names.count == 0) {
		problem = xasprintf("Error: %s requires a process name", s->command->name);
		session_usage(s, problem, misused);
		free(problem);
	} else if (session_expand(s, &names, 0)) {
		if (goes_on)
			unfinished_begin(&unfinished, xasprintf("reevectl: interrupted: "
			    "the daemon finishes the %s it has begun, see status",
			    s->command->name), false);
		run(s, &names);
		if (goes_on)
			unfinished_end(&unfinished);
	}
	words_clear(&names);
}

void
start_stop_start(struct session *s, const char *args)
{
	start_stop_command(s, args, start_stop_start_names, EXIT_INVALID_ARGS, true);
}

void
start_stop_stop(struct session *s, const char *args)
{
	start_stop_command(s, args, start_stop_stop_names, EXIT_GENERIC, true);
}

void
restart_run(struct session *s, const char *args)
{
	start_stop_command(s, args, restart_names, EXIT_GENERIC, false);
}

void
start_stop_clear(struct session *s, const char *args)
{
	start_stop_command(s, args, start_stop_clear_names, EXIT_GENERIC, false);
}

void
start_stop_signal(struct session *s, const char *args)
{
	struct words words;
	char *signal = NULL;
	struct operation op = { .action = SHOW_SIGNAL, .wait = WAIT_NOT,
		.one = "process.signal", .group = "group.signal", .all = "all.signal",
		.no_group_status = EXIT_GENERIC, .session = s };

	if (!session_connect(s))
		return;
	words_split(&words, args);
	if (words.count < 2) {
		session_usage(s,
		    "Error: signal requires a signal name and a process name",
		    EXIT_GENERIC);
	} else if (session_expand(s, &words, 1)) {
		signal = xstrdup(words.list[0]);
		words_shift(&words);
		op.signal = signal;
		start_stop(&op, &words);
	}
	free(signal);
	words_clear(&words);
}
