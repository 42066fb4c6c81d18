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
	struct waiting *waiting; /* of a stop, or NULL */
	char *waiting_for;	/* owned, or NULL */
	bool shown;
};

/* On a terminal the last line says how far a command on several processes has come, and
 * what a stop waits for. */
static void
show_progress(struct operation *op)
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
hide_progress(struct operation *op)
{
	if (op->shown)
		fputs("\r\033[K", op->session->out);
	op->shown = false;
}

/* Whether a command on a whole group, or on all, has a result for such a process. */
static bool
is_concerned(const struct operation *op, const struct process_info *row)
{
	bool running = process_state_is_running(row->state);

	return op->action == SHOW_START ? !running : op->action == SHOW_CLEAR || running;
}

/* Of the processes of a group, or with NULL of all. */
static size_t
concerned(const struct operation *op, const struct server_rows *rows, const char *group)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->count; i++)
		n += (group == NULL || strcmp(rows->list[i]->group, group) == 0) &&
		    is_concerned(op, rows->list[i]);
	return n;
}

/* How many results are to come, about. */
static size_t
expected(const struct operation *op, const struct words *names)
{
	struct server_rows rows;
	size_t total = 0;

	if (!op->session->terminal || !session_rows(op->session, &rows))
		return 0;
	if (names->all)
		return concerned(op, &rows, NULL);
	for (size_t i = 0; i < names->count; i++) {
		char *group, *name;
		namespec_split(names->list[i], &group, &name);
		total += name != NULL ? 1 : concerned(op, &rows, group);
		free(group);
		free(name);
	}
	return total;
}

/* Each second, over the control socket, where states are told while the stop goes on. */
static void
on_tick(void *ctx)
{
	struct operation *op = ctx;
	const struct mirror *mirror = client_mirror(server_client(op->session->server));
	struct server_rows rows = { 0 };

	rows.list = mirror_sorted(mirror, &rows.count);
	hide_progress(op);
	free(op->waiting_for);
	op->waiting_for = waiting_now(op->waiting, &rows, clock_mono_ms());
	show_progress(op);
}

/* Begins to say what a stop waits for. */
static void
begin_waiting(struct operation *op, const struct words *names)
{
	struct session *s = op->session;
	struct server_rows rows;
	struct answer a;

	if (!s->terminal || op->action != SHOW_STOP || s->broken)
		return;
	if (server_config(s->server, &a) == 0)
		op->waiting = waiting_new(a.result, names);
	answer_clear(&a);
	if (op->waiting == NULL)
		return;
	if (server_is_control(s->server)) {
		client_tick(server_client(s->server), on_tick, op);
		return;
	}
	if (server_rows(s->server, &rows, &a) == 0)
		op->waiting_for = waiting_ahead(op->waiting, &rows);
	answer_clear(&a);
}

static void
end_waiting(struct operation *op)
{
	if (op->waiting != NULL && server_is_control(op->session->server))
		client_tick(server_client(op->session->server), NULL, NULL);
	waiting_free(op->waiting);
	free(op->waiting_for);
}

/* The server reports success for logs that it leaves as they are. */
static enum fault
outcome_of(const struct operation *op, const struct bulk_result *r)
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
explain_start(const struct operation *op, const struct bulk_result *r, enum fault fault)
{
	const struct client *client = server_client(op->session->server);
	const struct process_info *row = client == NULL ? NULL :
	    mirror_find(client_mirror(client), r->group, r->name);

	if (op->session->err != NULL && row != NULL && op->action == SHOW_START &&
	    (fault == FAULT_SPAWN_ERROR || fault == FAULT_ABNORMAL_TERMINATION ||
	    (fault == FAULT_ALREADY_STARTED && row->state == PROCESS_BACKOFF)))
		show_failure(op->session->err, row);
}

static void
each_result(void *ctx, const struct bulk_result *r)
{
	struct operation *op = ctx;
	struct session *s = op->session;
	enum fault fault = outcome_of(op, r);

	if (s->broken)
		return;
	hide_progress(op);
	op->done++;
	mem_freep(&op->waiting_for);
	if (r->cancelled)
		show_cancelled(s->out, r->group, r->name);
	else if (!show_outcome(s->out, op->action, r->group, r->name, fault, r->text))
		session_fault(s, fault, r->text);
	else
		s->status = show_exit(op->action, fault, s->status);
	fflush(s->out);
	explain_start(op, r, fault);
	show_progress(op);
}

static json_t *
operation_params(const struct operation *op, const char *name)
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
operate_told(struct operation *op, const char *group, const char *name, const char *spec,
    const struct answer *a)
{
	if (a->fault == FAULT_BAD_NAME)
		session_unknown(op->session, spec);
	/* clear knows no groups, and supervisorctl then shows Python's None. */
	each_result(op, &(struct bulk_result){ .group = group, .fault = a->fault,
	    .name = name != NULL ? name : "None", .text = a->text,
	    .cancelled = a->cancelled });
}

static void
operate_no_group(struct operation *op, const char *group, const char *spec)
{
	struct session *s = op->session;

	fprintf(s->out, "%s: ERROR (no such group)\n", group);
	s->status = op->no_group_status;
	session_unknown(s, spec);
}

static void
operate_one(struct operation *op, const char *group, const char *name, const char *spec)
{
	struct session *s = op->session;
	struct answer a;

	if (server_operate(s->server, op->one, operation_params(op, spec), op->wait,
	    each_result, op, &a) == -1) {
		session_lost(s);
	} else {
		operate_told(op, group, name, spec, &a);
	}
	answer_clear(&a);
}

static void
operate_group(struct operation *op, const char *group, const char *spec)
{
	struct session *s = op->session;
	struct answer a;

	if (server_operate(s->server, op->group, operation_params(op, group), op->wait,
	    each_result, op, &a) == -1) {
		session_lost(s);
	} else if (a.fault == FAULT_BAD_NAME) {
		operate_no_group(op, group, spec);
	} else if (a.fault != FAULT_NONE) {
		session_fault(s, a.fault, a.text);
	}
	answer_clear(&a);
}

static void
operate_all(struct operation *op)
{
	struct session *s = op->session;
	struct answer a;

	if (server_operate(s->server, op->all, operation_params(op, NULL), op->wait,
	    each_result, op, &a) == -1)
		session_lost(s);
	else if (a.fault != FAULT_NONE)
		session_fault(s, a.fault, a.text);
	answer_clear(&a);
}

static void
operate_name(struct operation *op, const char *spec)
{
	char *group, *name;

	namespec_split(spec, &group, &name);
	if (name == NULL && op->group != NULL)
		operate_group(op, group, spec);
	else
		operate_one(op, group, name, spec);
	free(group);
	free(name);
}

/* The processes of one pattern. Those that would have to be waited for one after another
 * are waited for together. */
static void
operate_run(struct operation *op, char *const *names, size_t count)
{
	struct session *s = op->session;
	struct client *client = server_client(s->server);

	if (count > 1 && client != NULL && op->wait != WAIT_NOT) {
		if (client_operate_many(client, op->one, names, count, op->wait,
		    each_result, op) == -1)
			session_error(s, client_lost(client));
		return;
	}
	for (size_t i = 0; i < count && !s->broken; i++)
		operate_name(op, names[i]);
}

static void
operate(struct operation *op, const struct words *names)
{
	size_t count = names->all ? 0 : names->count, run;

	op->total = expected(op, names);
	begin_waiting(op, names);
	show_progress(op);
	if (names->all)
		operate_all(op);
	for (size_t i = 0; i < count && !op->session->broken; i += run) {
		run = names_run(names, i);
		operate_run(op, names->list + i, run);
	}
	hide_progress(op);
	end_waiting(op);
}

static const struct operation starting = { .action = SHOW_START, .wait = WAIT_START,
	.one = "process.start", .group = "group.start", .all = "all.start",
	.no_group_status = EXIT_INVALID_ARGS };

static const struct operation stopping = { .action = SHOW_STOP, .wait = WAIT_STOP,
	.one = "process.stop", .group = "group.stop", .all = "all.stop",
	.no_group_status = EXIT_GENERIC };

static void
start_names(struct session *s, const struct words *names)
{
	struct operation op = starting;

	op.session = s;
	operate(&op, names);
}

static void
stop_names(struct session *s, const struct words *names)
{
	struct operation op = stopping;

	op.session = s;
	operate(&op, names);
}

/* --- restart --- */

struct restart {
	struct operation stop, start;
};

static void
restart_result(void *ctx, bool start, const struct bulk_result *r)
{
	struct restart *restart = ctx;

	each_result(start ? &restart->start : &restart->stop, r);
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
		operate_no_group(op, group, target);
	else
		operate_told(op, group, name, target, &(struct answer){ .fault = fault,
		    .text = (char *)(uintptr_t)text });
	free(group);
	free(name);
}

static const struct sequence_events restart_events = {
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

		run = names_run(names, i);
		together = names_join(names, i, run, "\n");
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
	struct answer a;
	bool known;

	if (params == NULL)
		return false;
	restart.stop.session = restart.start.session = s;
	restart.stop.total = expected(&restart.stop, names);
	restart.start.total = expected(&every, names);
	begin_waiting(&restart.stop, names);
	show_progress(&restart.stop);
	if (sequence_run(server_client(s->server),
	    names->all ? "all.restart" : "process.restart", params, &restart_events,
	    &restart, &a) == -1)
		session_error(s, client_lost(server_client(s->server)));
	known = a.fault != FAULT_UNKNOWN_METHOD;
	if (known && a.fault != FAULT_NONE)
		session_fault(s, a.fault, a.text);
	hide_progress(&restart.stop);
	end_waiting(&restart.stop);
	answer_clear(&a);
	return known;
}

static void
restart_by_ourselves(struct session *s, const struct words *names)
{
	struct unfinished unfinished;
	char *words = names->all ? xstrdup("all") : names_join(names, 0, names->count, " ");

	unfinished_begin(&unfinished, xasprintf("reevectl: interrupted: what has been "
	    "stopped is not started again; to start it: reevectl start %s", words), true);
	free(words);
	stop_names(s, names);
	if (!s->broken)
		start_names(s, names);
	unfinished_end(&unfinished);
}

static void
restart_names(struct session *s, const struct words *names)
{
	struct unfinished unfinished;
	bool done = false;

	if (server_client(s->server) != NULL) {
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
names_down(struct session *s)
{
	static char there;
	struct map *down = map_new();
	struct server_rows rows;
	struct answer a;

	if (server_rows(s->server, &rows, &a) == -1)
		rows.count = 0;
	for (size_t i = 0; i < rows.count && down != NULL; i++) {
		const struct process_info *row = rows.list[i];
		char *spec = namespec_join(row->group, row->name);

		if (row->pid == 0 && map_set(down, spec, &there) == -1)
			abort();
		free(spec);
	}
	answer_clear(&a);
	return down;
}

static void
clear_names(struct session *s, const struct words *names)
{
	struct operation op = { .action = SHOW_CLEAR, .wait = WAIT_NOT,
		.one = "log.clear", .all = "all.clear", .session = s,
		.down = names_down(s) };

	operate(&op, names);
	map_free(op.down);
}

/* A command on the names that follow, which must not be missing. `goes_on`: the daemon
 * finishes what it has begun also when we are interrupted. */
static void
operate_names(struct session *s, const char *args,
    void (*run)(struct session *, const struct words *), int misused, bool goes_on)
{
	struct unfinished unfinished;
	struct words names;
	char *problem;

	if (!session_connect(s))
		return;
	words_split(&names, args);
	if (names.count == 0) {
		problem = xasprintf("Error: %s requires a process name", s->verb->name);
		session_misused(s, problem, misused);
		free(problem);
	} else if (session_expand(s, &names, 0)) {
		if (goes_on)
			unfinished_begin(&unfinished, xasprintf("reevectl: interrupted: "
			    "the daemon finishes the %s it has begun, see status",
			    s->verb->name), false);
		run(s, &names);
		if (goes_on)
			unfinished_end(&unfinished);
	}
	words_clear(&names);
}

void
operate_start(struct session *s, const char *args)
{
	operate_names(s, args, start_names, EXIT_INVALID_ARGS, true);
}

void
operate_stop(struct session *s, const char *args)
{
	operate_names(s, args, stop_names, EXIT_GENERIC, true);
}

void
operate_restart(struct session *s, const char *args)
{
	operate_names(s, args, restart_names, EXIT_GENERIC, false);
}

void
operate_clear(struct session *s, const char *args)
{
	operate_names(s, args, clear_names, EXIT_GENERIC, false);
}

void
operate_signal(struct session *s, const char *args)
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
		session_misused(s,
		    "Error: signal requires a signal name and a process name",
		    EXIT_GENERIC);
	} else if (session_expand(s, &words, 1)) {
		signal = xstrdup(words.list[0]);
		words_shift(&words);
		op.signal = signal;
		operate(&op, &words);
	}
	free(signal);
	words_clear(&words);
}
