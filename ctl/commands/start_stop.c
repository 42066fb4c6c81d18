#include "ctl/commands/start_stop.h"

#include "common/clock.h"
#include "common/map.h"
#include "common/mem.h"
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"
#include "ctl/terminal/interrupt.h"
#include "ctl/commands/stop_wait.h"
#include "ctl/daemon/control.h"

#include <stdlib.h>
#include <string.h>

/* The commands, by their actions. */
static const struct start_stop_kind {
	const char *command;
	enum wait_kind wait;
	const char *one, *group, *all;	/* methods; group NULL: no groups are named */
	int misused;			/* exit status without names or of a bad group */
} kinds[SHOW_ACTION_MAX] = {
	[SHOW_START] = { "start", WAIT_START, "process.start", "group.start", "all.start",
	    EXIT_INVALID_ARGS },
	[SHOW_STOP] = { "stop", WAIT_STOP, "process.stop", "group.stop", "all.stop",
	    EXIT_GENERIC },
	[SHOW_SIGNAL] = { "signal", WAIT_NOT, "process.signal", "group.signal",
	    "all.signal", EXIT_GENERIC },
	[SHOW_CLEAR] = { "clear", WAIT_NOT, "log.clear", NULL, "all.clear", EXIT_GENERIC },
};

/* --- progress, on a terminal --- */

/* Prints how many results there are, and what a stop waits for. */
static void
start_stop_show_progress(struct start_stop *op)
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
start_stop_hide_progress(struct start_stop *op)
{
	if (op->shown)
		fputs("\r\033[K", op->session->out);
	op->shown = false;
}

/* Called each second over the control socket, which has the states during the stop. */
static void
start_stop_on_tick(void *ctx)
{
	struct start_stop *op = ctx;
	const struct mirror *mirror = control_mirror(server_control(op->session->server));
	struct server_rows rows = { .list = mirror->rows, .count = mirror->count };

	start_stop_hide_progress(op);
	free(op->waiting_for);
	op->waiting_for = stop_wait_now(op->waiting, &rows, clock_mono_ms());
	start_stop_show_progress(op);
}

size_t
start_stop_expected(const struct start_stop *op, const struct words *names)
{
	struct server_rows rows;
	size_t total = 0;

	if (!op->session->terminal || !session_rows(op->session, &rows))
		return 0;
	for (size_t k = 0; k < (names->all ? 1 : names->count); k++) {
		if (!names->all && !namespec_is_group(names->list[k])) {
			total++;
			continue;
		}
		for (size_t i = 0; i < rows.count; i++) {
			bool running = process_state_is_running(rows.list[i]->state);

			total +=
			    (names->all || namespec_means(names->list[k], rows.list[i])) &&
			    (op->action == SHOW_CLEAR ||
				running == (op->action != SHOW_START));
		}
	}
	return total;
}

void
start_stop_begin(struct start_stop *op, const struct words *names)
{
	struct session *s = op->session;
	struct control *control = server_control(s->server);
	struct server_rows rows;
	struct reply r;

	op->total = start_stop_expected(op, names);
	if (s->terminal && op->action == SHOW_STOP && !s->broken) {
		if (server_get(s->server, SERVER_CONFIG, &r) == 0)
			op->waiting = stop_wait_new(r.result, names);
		reply_clear(&r);
	}
	if (op->waiting != NULL && control != NULL) {
		control_tick(control, start_stop_on_tick, op);
	} else if (op->waiting != NULL) {
		if (server_rows(s->server, &rows, &r) == 0)
			op->waiting_for = stop_wait_ahead(op->waiting, &rows);
		reply_clear(&r);
	}
	start_stop_show_progress(op);
}

void
start_stop_end(struct start_stop *op)
{
	struct control *control = server_control(op->session->server);

	start_stop_hide_progress(op);
	if (op->waiting != NULL && control != NULL)
		control_tick(control, NULL, NULL);
	stop_wait_free(op->waiting);
	free(op->waiting_for);
}

/* --- results --- */

/* The fault of a result; clearing the log of a process that does not run is NOT_RUNNING,
 * though the server reports success and leaves the log as it is. */
static enum fault
start_stop_outcome(const struct start_stop *op, const struct bulk_result *r)
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

/* Prints on `err` why a process does not run, which supervisorctl does not. */
static void
start_stop_explain(
    const struct start_stop *op, const struct bulk_result *r, enum fault fault)
{
	const struct control *control = server_control(op->session->server);
	const struct process_info *row = control == NULL ?
	    NULL :
	    mirror_find(control_mirror(control), r->group, r->name);

	if (op->session->err != NULL && row != NULL && op->action == SHOW_START &&
	    (fault == FAULT_SPAWN_ERROR || fault == FAULT_ABNORMAL_TERMINATION ||
		(fault == FAULT_ALREADY_STARTED && row->state == PROCESS_BACKOFF)))
		show_failure(op->session->err, row);
}

void
start_stop_result(void *ctx, const struct bulk_result *r)
{
	struct start_stop *op = ctx;
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

void
start_stop_reply(struct start_stop *op, const char *spec, const struct reply *r)
{
	struct session *s = op->session;
	char *group, *name;

	if (kinds[op->action].group != NULL && namespec_is_group(spec)) {
		if (r->fault != FAULT_BAD_NAME) {
			session_replied(s, 0, r, NULL);
			return;
		}
		session_no_such(s, s->out, spec);
		s->status = kinds[op->action].misused;
		return;
	}
	if (r->fault == FAULT_BAD_NAME)
		session_unknown(s, spec);
	namespec_split(spec, &group, &name);
	/* clear does not accept groups; supervisorctl prints Python's None as the name. */
	start_stop_result(op,
	    &(struct bulk_result){ .group = group,
		.fault = r->fault,
		.name = name != NULL ? name : "None",
		.text = r->text,
		.cancelled = r->cancelled });
	free(group);
	free(name);
}

/* --- calls --- */

/* Calls the method for a process, a whole group, or all (spec NULL). */
static void
start_stop_call(struct start_stop *op, const char *spec)
{
	const struct start_stop_kind *kind = &kinds[op->action];
	bool group = spec != NULL && kind->group != NULL && namespec_is_group(spec);
	const char *method = spec == NULL ? kind->all : group ? kind->group : kind->one;
	struct session *s = op->session;
	json_t *params = json_object();
	struct reply r;
	int rc;

	if (spec != NULL)
		json_object_set_new(params, "name",
		    json_stringn(spec, group ? strcspn(spec, ":") : strlen(spec)));
	if (op->signal != NULL)
		json_object_set_new(params, "signal", json_string(op->signal));
	rc = server_call_wait(
	    s->server, method, params, kind->wait, start_stop_result, op, &r);
	if (rc == 0 && spec != NULL)
		start_stop_reply(op, spec, &r);
	else
		session_replied(s, rc, &r, NULL);
	reply_clear(&r);
}

void
start_stop_names(struct start_stop *op, const struct words *names)
{
	const struct start_stop_kind *kind = &kinds[op->action];
	struct session *s = op->session;
	struct control *control = server_control(s->server);
	size_t count = names->all ? 0 : names->count, run;

	start_stop_begin(op, names);
	if (names->all)
		start_stop_call(op, NULL);
	for (size_t i = 0; i < count && !s->broken; i += run) {
		/* The processes of one pattern are started or stopped together. */
		run = control != NULL && kind->wait != WAIT_NOT ? words_run(names, i) : 1;
		if (run == 1)
			start_stop_call(op, names->list[i]);
		else if (control_call_many(control, kind->one, names->list + i, run,
			     kind->wait, start_stop_result, op) == -1)
			session_error(s, control_lost(control));
	}
	start_stop_end(op);
}

bool
start_stop_words(
    struct session *s, const char *args, int misused, size_t first, struct words *words)
{
	*words = (struct words){ 0 };
	if (!session_connect(s))
		return false;
	words_split(words, args);
	if (words->count > first)
		return session_expand(s, words, first);
	session_usage(s, misused, "Error: %s requires a %sprocess name", s->command->name,
	    first > 0 ? "signal name and a " : "");
	return false;
}

/* New: the names of the processes that do not run, or NULL. */
static struct map *
start_stop_down(struct session *s)
{
	static char is_down;
	struct map *down = map_new();
	struct server_rows rows;
	struct reply r;

	if (server_rows(s->server, &rows, &r) == -1)
		rows.count = 0;
	for (size_t i = 0; i < rows.count && down != NULL; i++) {
		char *spec = namespec_join(rows.list[i]->group, rows.list[i]->name);

		if (rows.list[i]->pid == 0)
			mem_must(map_set(down, spec, &is_down));
		free(spec);
	}
	reply_clear(&r);
	return down;
}

void
start_stop_run(struct session *s, const char *args)
{
	struct start_stop op = { .session = s };
	struct interrupt_notice notice;
	struct words names;
	char *signal = NULL;

	while (strcmp(kinds[op.action].command, s->command->name) != 0)
		op.action++;
	if (start_stop_words(
		s, args, kinds[op.action].misused, op.action == SHOW_SIGNAL, &names)) {
		if (op.action == SHOW_SIGNAL) {
			op.signal = signal = xstrdup(names.list[0]);
			words_drop(&names, 0);
		}
		if (op.action == SHOW_CLEAR)
			op.down = start_stop_down(s);
		if (kinds[op.action].wait != WAIT_NOT)
			interrupt_notice_begin(&notice,
			    xasprintf("reevectl: interrupted: "
				      "the daemon completes the current %s; see status",
				s->command->name),
			    false);
		start_stop_names(&op, &names);
		if (kinds[op.action].wait != WAIT_NOT)
			interrupt_notice_end(&notice);
	}
	map_free(op.down);
	free(signal);
	words_clear(&names);
}
