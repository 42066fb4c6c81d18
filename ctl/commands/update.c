#include "ctl/commands/update.h"

#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/pending.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"
#include "ctl/commands/unfinished.h"
#include "ctl/daemon/control_job.h"

#include <stdlib.h>
#include <string.h>

/* What a command says of a fault; "%s" is a name, or the fault's text. */
struct wording {
	enum fault fault;
	const char *text;	/* NULL ends the table */
	int status;
};

/* Says what the table has for the fault, else ends the command. */
static void
update_report_fault(struct session *s, const struct wording *words, const struct reply *r,
    const char *name)
{
	for (; words->text != NULL; words++)
		if (words->fault == r->fault) {
			fprintf(s->out, "ERROR: %s%s\n", words->text, name);
			if (words->status != EXIT_OK)
				s->status = words->status;
			if (r->fault == FAULT_BAD_NAME)
				session_unknown(s, name);
			return;
		}
	session_fault(s, r->fault, r->text);
}

/* Calls a method on a group; true when it was done. Any fault ends the command. */
static bool
update_group_call(struct session *s, const char *method, const char *name)
{
	struct reply r;
	bool done = false;

	if (server_call(s->server, method, json_pack("{ss}", "name", name), &r) == -1)
		session_lost(s);
	else if (r.fault != FAULT_NONE)
		session_fault(s, r.fault, r.text);
	else
		done = true;
	reply_clear(&r);
	return done;
}

/* --- reread --- */

static const struct {
	const char *member, *text;
} changes[] = {
	{ "added", "available" },
	{ "changed", "changed" },
	{ "removed", "disappeared" },
};

/* One line for each name, sorted; of a name that is in two lists the latter counts. */
static void
update_show_changes(struct session *s, const json_t *result)
{
	json_t *all = json_object(), *name;
	const char *key;
	size_t i;
	json_t *text;
	const char **names;
	size_t count = 0;

	for (size_t c = 0; c < nitems(changes); c++)
		json_array_foreach(json_object_get(result, changes[c].member), i, name) {
			json_object_set_new(all, json_string_value(name),
			    json_string(changes[c].text));
		}
	if (json_object_size(all) == 0)
		fputs("No config updates to processes\n", s->out);
	names = xcalloc(json_object_size(all) + 1, sizeof(*names));
	json_object_foreach(all, key, text)
		names[count++] = key;
	show_sort(names, count);
	for (i = 0; i < count; i++)
		fprintf(s->out, "%s: %s\n", names[i],
		    json_string_value(json_object_get(all, names[i])));
	free(names);
	json_decref(all);
}

void
update_reread(struct session *s, const char *args)
{
	static const struct wording words[] = {
		{ FAULT_SHUTDOWN_STATE, "supervisor shutting down", EXIT_GENERIC },
		{ .text = NULL },
	};
	struct reply r;

	if (!session_no_arguments(s, args) || !session_reach(s))
		return;
	if (server_call(s->server, "config.reread", NULL, &r) == -1) {
		session_lost(s);
	} else if (r.fault == FAULT_CANT_REREAD) {
		s->unreadable = true;
		fprintf(s->out, "ERROR: %s\n", r.text);
		s->status = EXIT_GENERIC;
	} else if (r.fault != FAULT_NONE) {
		update_report_fault(s, words, &r, "");
	} else {
		update_show_changes(s, r.result);
		pending_show(s, s->err, r.result, false);
	}
	reply_clear(&r);
}

/* --- add and remove --- */

static void
update_each_name(struct session *s, const char *args, const char *method, const char *done,
    const struct wording *words)
{
	struct words names;
	struct reply r;

	if (!session_reach(s))
		return;
	words_split(&names, args);
	for (size_t i = 0; i < names.count && !s->broken; i++) {
		const char *name = names.list[i];
		json_t *params = json_pack("{ss}", "name", name);

		if (server_call(s->server, method, params, &r) == -1)
			session_lost(s);
		else if (r.fault != FAULT_NONE)
			update_report_fault(s, words, &r, r.fault == FAULT_SHUTDOWN_STATE ||
			    r.fault == FAULT_ALREADY_ADDED ? "" : name);
		else
			fprintf(s->out, "%s: %s\n", name, done);
		reply_clear(&r);
	}
	words_clear(&names);
}

void
update_add(struct session *s, const char *args)
{
	static const struct wording words[] = {
		{ FAULT_SHUTDOWN_STATE, "shutting down", EXIT_GENERIC },
		{ FAULT_ALREADY_ADDED, "process group already active", EXIT_OK },
		{ FAULT_BAD_NAME, "no such process/group: ", EXIT_GENERIC },
		{ .text = NULL },
	};

	update_each_name(s, args, "group.add", "added process group", words);
}

void
update_remove(struct session *s, const char *args)
{
	static const struct wording words[] = {
		{ FAULT_STILL_RUNNING, "process/group still running: ", EXIT_GENERIC },
		{ FAULT_BAD_NAME, "no such process/group: ", EXIT_GENERIC },
		{ .text = NULL },
	};

	update_each_name(s, args, "group.remove", "removed process group", words);
}

/* --- update --- */

static bool
update_has_name(const json_t *names, const char *wanted)
{
	size_t i;
	json_t *name;

	json_array_foreach(names, i, name) {
		if (json_is_object(name)) /* of a preview */
			name = json_object_get(name, "name");
		if (str_equal(json_string_value(name), wanted))
			return true;
	}
	return false;
}

static bool
update_has_group(const struct server_rows *rows, const char *wanted)
{
	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->list[i]->group, wanted) == 0)
			return true;
	return false;
}

/* Whether a reread or a preview names the group. */
static bool
update_is_found(const json_t *result, const char *wanted)
{
	for (size_t c = 0; c < nitems(changes); c++)
		if (update_has_name(json_object_get(result, changes[c].member), wanted))
			return true;
	return false;
}

/* Tells of each name that is no group, each once. */
static void
update_check_names(struct session *s, const struct words *only, const json_t *result)
{
	struct server_rows rows;

	if (!session_rows(s, &rows))
		return;
	for (size_t i = 0; i < only->count; i++) {
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again = again || strcmp(only->list[k], only->list[i]) == 0;
		if (again || update_has_group(&rows, only->list[i]) ||
		    update_is_found(result, only->list[i]))
			continue;
		fprintf(s->out, "ERROR: no such group: %s\n", only->list[i]);
		s->status = EXIT_GENERIC;
		session_unknown(s, only->list[i]);
	}
}

static void
update_note_failure(void *ctx, const struct bulk_result *r)
{
	bool *failed = ctx;

	*failed = *failed || r->fault == FAULT_FAILED;
}

/* Stops a group; false when the command has been ended. */
static bool
update_stop_group(struct session *s, const char *name, bool *failed)
{
	struct reply r;

	*failed = false;
	if (server_call_wait(s->server, "group.stop", json_pack("{ss}", "name", name),
	    WAIT_STOP, update_note_failure, failed, &r) == -1)
		session_lost(s);
	else if (r.fault != FAULT_NONE)
		session_fault(s, r.fault, r.text);
	else
		fprintf(s->out, "%s: stopped\n", name);
	reply_clear(&r);
	return !s->broken;
}

static void
update_remove_group(struct session *s, const char *name)
{
	bool failed;

	if (!update_stop_group(s, name, &failed))
		return;
	if (failed) {
		fprintf(s->out, "%s: has problems; not removing\n", name);
		s->status = EXIT_GENERIC;
	} else if (update_group_call(s, "group.remove", name)) {
		fprintf(s->out, "%s: removed process group\n", name);
	}
}

/* Between the stop and the addition a signal says what is left undone. */
static void
update_change_group(struct session *s, const char *name)
{
	struct unfinished unfinished;
	bool failed;

	unfinished_begin(&unfinished, xasprintf("reevectl: interrupted: group %s may be "
	    "stopped or removed; to go on: reevectl update %s", name, name), true);
	if (update_stop_group(s, name, &failed) && update_group_call(s, "group.remove",
	    name) && update_group_call(s, "group.add", name))
		fprintf(s->out, "%s: updated process group\n", name);
	unfinished_end(&unfinished);
}

static void
update_add_group(struct session *s, const char *name)
{
	if (update_group_call(s, "group.add", name))
		fprintf(s->out, "%s: added process group\n", name);
}

/* Whether the command is about this group: it names it, or none at all. */
static bool
update_is_named(const struct words *only, const char *name)
{
	bool named = only->count == 0 || only->all;

	for (size_t i = 0; i < only->count; i++)
		named = named || strcmp(only->list[i], name) == 0;
	return named;
}

/* Does it to each group of the list that the command names, or to all. */
static void
update_apply(struct session *s, const json_t *groups, const struct words *only,
    void (*change)(struct session *, const char *name))
{
	size_t i;
	json_t *group;

	json_array_foreach(groups, i, group) {
		const char *name = json_string_value(group);

		if (update_is_named(only, name) && !s->broken)
			change(s, name);
		fflush(s->out);
	}
}

static void
update_ourselves(struct session *s, const struct words *only, const json_t *result)
{
	const json_t *added = json_object_get(result, "added");

	if (only->count > 0 && !only->all)
		update_check_names(s, only, result);
	update_apply(s, json_object_get(result, "removed"), only, update_remove_group);
	update_apply(s, json_object_get(result, "changed"), only, update_change_group);
	update_apply(s, added, only, update_add_group);
	pending_show(s, s->err, result, only->count == 0 || only->all);
}

/* --- update by the daemon --- */

struct daemon_update {
	struct session *session;
	const struct words *only;
	const json_t *changed;	/* borrowed */
};

static void
update_begun(void *ctx, const json_t *result)
{
	struct daemon_update *u = ctx;

	u->changed = json_object_get(result, "changed");
	if (u->only->count > 0 && !u->only->all)
		update_check_names(u->session, u->only, result);
	fflush(u->session->out);
}

/* supervisorctl shows steps, and of processes nothing. */
static void
update_result(void *ctx, bool start, const struct bulk_result *r)
{
	(void)ctx;
	(void)start;
	(void)r;
}

static void
update_step(void *ctx, const char *action, const char *target, enum fault fault,
    const char *text)
{
	struct daemon_update *u = ctx;
	struct session *s = u->session;
	bool is_changed = update_has_name(u->changed, target);

	if (strcmp(action, "stop") == 0 && fault == FAULT_NONE) {
		fprintf(s->out, "%.*s: stopped\n", (int)(strlen(target) - strlen(":*")),
		    target);
	} else if (fault == FAULT_FAILED && strcmp(action, "remove") == 0 && !is_changed) {
		fprintf(s->out, "%s: has problems; not removing\n", target);
		s->status = EXIT_GENERIC;
	} else if (fault != FAULT_NONE) {
		session_fault(s, fault, text);
	} else if (strcmp(action, "add") == 0) {
		fprintf(s->out, "%s: %s process group\n", target,
		    is_changed ? "updated" : "added");
	} else if (!is_changed) {
		fprintf(s->out, "%s: removed process group\n", target);
	}
	fflush(s->out);
}

static const struct control_job_events update_events = {
	.begun = update_begun,
	.result = update_result,
	.step = update_step,
};

/* New: the groups that are named, or none at all; NULL when that is no text. */
static json_t *
update_params(const struct words *only)
{
	json_t *params = json_object(), *names = json_array();

	for (size_t i = 0; i < only->count; i++)
		if (json_array_append_new(names, json_string(only->list[i])) == -1) {
			json_decref(names);
			json_decref(params);
			return NULL;
		}
	if (only->count > 0 && !only->all)
		json_object_set(params, "names", names);
	json_decref(names);
	return params;
}

/* --- update --dry-run --- */

/* What would become of the groups of one list; how many lines were printed. */
static size_t
update_print_planned(struct session *s, const json_t *groups, const struct words *only,
    const char *what)
{
	size_t i, k, printed = 0;
	json_t *group, *reason;

	json_array_foreach(groups, i, group) {
		const char *name = json_string_value(json_is_object(group) ?
		    json_object_get(group, "name") : group);

		if (name == NULL || !update_is_named(only, name))
			continue;
		fprintf(s->out, "%s: would be %s\n", name, what);
		json_array_foreach(json_object_get(group, "why"), k, reason) {
			fprintf(s->out, "    %s\n", json_string_value(reason));
		}
		printed++;
	}
	return printed;
}

static void
update_show_preview(struct session *s, const struct words *only, const json_t *result)
{
	const json_t *added = json_object_get(result, "added");
	size_t printed;

	if (only->count > 0 && !only->all)
		update_check_names(s, only, result);
	printed = update_print_planned(s, json_object_get(result, "removed"), only,
	    "removed");
	printed += update_print_planned(s, json_object_get(result, "changed"), only,
	    "restarted");
	printed += update_print_planned(s, added, only, "added");
	if (printed == 0 && !s->broken)
		fputs("No config updates to processes\n", s->out);
	pending_show(s, s->out, result, only->count == 0 || only->all);
}

/* Whoever misspells --dry-run wants nothing to be done. True when that was not so. */
static bool
update_has_no_options(struct session *s, const struct words *words)
{
	char *problem;

	for (size_t i = 0; i < words->count; i++) {
		if (!str_starts(words->list[i], "--"))
			continue;
		problem = xasprintf("Error: bad argument %s", words->list[i]);
		session_usage(s, problem, EXIT_GENERIC);
		free(problem);
		return false;
	}
	return true;
}

static const struct wording update_wordings[] = {
	{ FAULT_SHUTDOWN_STATE, "already shutting down", EXIT_GENERIC },
	{ .text = NULL },
};

/* The daemon carries it out, also without us. False when it cannot. */
static bool
update_by_daemon(struct session *s, const struct words *only)
{
	struct control *control = server_control(s->server);
	json_t *params = control != NULL ? update_params(only) : NULL;
	struct daemon_update update = { .session = s, .only = only };
	struct unfinished unfinished;
	struct reply r;
	bool known;

	if (params == NULL)
		return false;
	unfinished_begin(&unfinished, xstrdup("reevectl: interrupted: the daemon carries "
	    "on with the update"), false);
	if (control_job_run(control, "config.update", params, &update_events, &update,
	    &r) == -1)
		session_error(s, control_lost(control));
	unfinished_end(&unfinished);
	known = r.fault != FAULT_UNKNOWN_METHOD;
	if (known && r.fault != FAULT_NONE)
		update_report_fault(s, update_wordings, &r, "");
	if (r.result != NULL)
		pending_show(s, s->err, r.result, only->count == 0 || only->all);
	reply_clear(&r);
	return known;
}

static void
update_words(struct session *s, const struct words *only, bool dry)
{
	struct reply r;

	if (!dry && update_by_daemon(s, only))
		return;
	if (server_call(s->server, dry ? "config.preview" : "config.reread", NULL, &r)
	    == -1)
		session_lost(s);
	else if (r.fault != FAULT_NONE)
		update_report_fault(s, update_wordings, &r, "");
	else if (dry)
		update_show_preview(s, only, r.result);
	else
		update_ourselves(s, only, r.result);
	reply_clear(&r);
}

void
update_run(struct session *s, const char *args)
{
	struct words only;
	bool dry;

	if (!session_reach(s))
		return;
	words_split(&only, args);
	dry = words_take(&only, "--dry-run");
	if (update_has_no_options(s, &only))
		update_words(s, &only, dry);
	words_clear(&only);
}

/* --- avail --- */

static void
update_show_config(FILE *out, const json_t *row)
{
	const char *group = json_string_value(json_object_get(row, "group"));
	const char *name = json_string_value(json_object_get(row, "name"));
	bool used = json_is_true(json_object_get(row, "inuse"));
	bool automatic = json_is_true(json_object_get(row, "autostart"));
	char *spec = namespec_join(group != NULL ? group : "", name != NULL ? name : "");

	show_padded(out, spec, 32);
	fprintf(out, " %-9s %-9s %lld:%lld\n", used ? "in use" : "avail",
	    automatic ? "auto" : "manual",
	    (long long)json_integer_value(json_object_get(row, "group_prio")),
	    (long long)json_integer_value(json_object_get(row, "process_prio")));
	free(spec);
}

void
update_avail(struct session *s, const char *args)
{
	static const struct wording words[] = {
		{ FAULT_SHUTDOWN_STATE, "supervisor shutting down", EXIT_GENERIC },
		{ .text = NULL },
	};
	struct reply r;
	size_t i;
	json_t *row;

	if (!session_no_arguments(s, args) || !session_reach(s))
		return;
	if (server_config(s->server, &r) == -1)
		session_lost(s);
	else if (r.fault != FAULT_NONE)
		update_report_fault(s, words, &r, "");
	json_array_foreach(r.result, i, row) {
		update_show_config(s->out, row);
	}
	reply_clear(&r);
}
