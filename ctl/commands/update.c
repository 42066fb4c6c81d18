/* The command update. */
#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"
#include "ctl/terminal/interrupt.h"
#include "ctl/commands/reread.h"
#include "ctl/commands/session.h"
#include "ctl/daemon/control_job.h"

#include <string.h>

/* --- one group, without config.update --- */

/* Calls a method for the group; true on success. Any fault ends the command. */
static bool
update_call(struct session *s, const char *method, const char *name)
{
	struct reply r;
	int rc = server_call(s->server, method, json_pack("{ss}", "name", name), &r);
	bool done = session_replied(s, rc, &r, NULL);

	reply_clear(&r);
	return done;
}

static void
update_note_failure(void *ctx, const struct bulk_result *r)
{
	bool *failed = ctx;

	*failed = *failed || r->fault == FAULT_FAILED;
}

/* Stops the group; false if that ended the command. */
static bool
update_stop_group(struct session *s, const char *name, bool *failed)
{
	struct reply r;
	bool done;
	int rc;

	*failed = false;
	rc = server_call_wait(s->server, "group.stop", json_pack("{ss}", "name", name),
	    WAIT_STOP, update_note_failure, failed, &r);
	done = session_replied(s, rc, &r, NULL);
	if (done)
		fprintf(s->out, "%s: stopped\n", name);
	reply_clear(&r);
	return done;
}

static void
update_remove_group(struct session *s, const char *name)
{
	bool failed;

	if (!update_stop_group(s, name, &failed))
		return;
	if (failed)
		session_report(s, EXIT_GENERIC, "%s: has problems; not removing", name);
	else if (update_call(s, "group.remove", name))
		fprintf(s->out, "%s: removed process group\n", name);
}

/* A signal between the stop and the addition prints how to complete the change. */
static void
update_change_group(struct session *s, const char *name)
{
	struct interrupt_notice notice;
	bool failed;

	interrupt_notice_begin(&notice,
	    xasprintf("reevectl: interrupted: group %s may be "
		      "stopped or removed; to complete the update: reevectl update %s",
		name, name),
	    true);
	if (update_stop_group(s, name, &failed) && update_call(s, "group.remove", name) &&
	    update_call(s, "group.add", name))
		fprintf(s->out, "%s: updated process group\n", name);
	interrupt_notice_end(&notice);
}

static void
update_add_group(struct session *s, const char *name)
{
	if (update_call(s, "group.add", name))
		fprintf(s->out, "%s: added process group\n", name);
}

/* --- the groups of a reread or a preview --- */

/* The kinds of changes, in the order of application. */
static const struct {
	const char *member, *planned;
	void (*apply)(struct session *, const char *name);
} changes[] = {
	{ "removed", "removed", update_remove_group },
	{ "changed", "restarted", update_change_group },
	{ "added", "added", update_add_group },
};

/* The name of a group: a string, or in a preview a member of an object. */
static const char *
update_name(const json_t *group)
{
	return json_string_value(
	    json_is_object(group) ? json_object_get(group, "name") : group);
}

static bool
update_has_name(const json_t *groups, const char *wanted)
{
	size_t i;
	json_t *group;

	json_array_foreach(groups, i, group) {
		if (str_equal(update_name(group), wanted))
			return true;
	}
	return false;
}

/* Whether the group exists, before or after the changes. */
static bool
update_is_group(const struct server_rows *rows, const json_t *result, const char *name)
{
	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->list[i]->group, name) == 0)
			return true;
	for (size_t c = 0; c < nitems(changes); c++)
		if (update_has_name(json_object_get(result, changes[c].member), name))
			return true;
	return false;
}

/* Reports each name that is not a group, once; nothing if the daemon has left out the added
 * groups because there are too many. */
static void
update_check_names(struct session *s, const struct words *only, const json_t *result)
{
	struct server_rows rows;

	if (only->count == 0 || only->all || json_object_get(result, "added") == NULL ||
	    !session_rows(s, &rows))
		return;
	for (size_t i = 0; i < only->count; i++) {
		const char *name = only->list[i];
		size_t first = 0;

		while (strcmp(only->list[first], name) != 0)
			first++;
		if (first < i || update_is_group(&rows, result, name))
			continue;
		session_report(s, EXIT_GENERIC, "ERROR: no such group: %s", name);
		session_unknown(s, name);
	}
}

/* Applies the changes to the named groups, or with `dry` prints them. */
static void
update_apply(struct session *s, const struct words *only, const json_t *result, bool dry)
{
	bool all = only->count == 0 || only->all, found = false;
	const json_t *group, *reason;
	size_t i, k;

	update_check_names(s, only, result);
	for (size_t c = 0; c < nitems(changes); c++)
		json_array_foreach(json_object_get(result, changes[c].member), i, group) {
			const char *name = update_name(group);

			if (name == NULL || (!all && !words_have(only, name)) ||
			    (s->broken && !dry))
				continue;
			found = true;
			if (!dry) {
				changes[c].apply(s, name);
				fflush(s->out);
				continue;
			}
			fprintf(s->out, "%s: would be %s\n", name, changes[c].planned);
			json_array_foreach(json_object_get(group, "why"), k, reason) {
				fprintf(s->out, "    %s\n", json_string_value(reason));
			}
		}
	if (dry && !found && !s->broken)
		fputs("No config updates to processes\n", s->out);
	reread_show_pending(s, dry ? s->out : s->err, result, all, dry);
}

/* --- by the daemon --- */

struct update {
	struct session *session;
	const struct words *only;
	const json_t *changed; /* borrowed */
};

static void
update_on_begun(void *ctx, const json_t *result)
{
	struct update *u = ctx;

	u->changed = json_object_get(result, "changed");
	update_check_names(u->session, u->only, result);
	fflush(u->session->out);
}

static void
update_on_step(
    void *ctx, const char *action, const char *target, enum fault fault, const char *text)
{
	struct update *u = ctx;
	struct session *s = u->session;
	bool is_changed = update_has_name(u->changed, target);

	if (strcmp(action, "stop") == 0 && fault == FAULT_NONE)
		fprintf(s->out, "%.*s: stopped\n", (int)(strlen(target) - strlen(":*")),
		    target);
	else if (fault == FAULT_FAILED && strcmp(action, "remove") == 0 && !is_changed)
		session_report(s, EXIT_GENERIC, "%s: has problems; not removing", target);
	else if (fault != FAULT_NONE)
		session_fault(s, fault, text);
	else if (strcmp(action, "add") == 0)
		fprintf(s->out, "%s: %s process group\n", target,
		    is_changed ? "updated" : "added");
	else if (!is_changed)
		fprintf(s->out, "%s: removed process group\n", target);
	fflush(s->out);
}

/* Lets the daemon apply the changes, which it completes even if this program ends. False if
 * it cannot, if a name is not UTF-8, or if the names are too long for a request. */
static bool
update_by_daemon(struct session *s, const struct words *only)
{
	/* supervisorctl prints the steps, not the processes. */
	static const struct control_job_events events = { .begun = update_on_begun,
		.step = update_on_step };
	struct control *control = server_control(s->server);
	json_t *params = json_object(), *names = json_array();
	struct update update = { .session = s, .only = only };
	bool all = only->count == 0 || only->all, possible = control != NULL, known;
	struct interrupt_notice notice;
	size_t bytes = 0;
	struct reply r;

	for (size_t i = 0; i < only->count && possible; i++) {
		bytes += strlen(only->list[i]);
		possible = i < WORDS_REQUEST_NAMES && bytes <= WORDS_REQUEST_BYTES &&
		    json_array_append_new(names, json_string(only->list[i])) == 0;
	}
	if (!all)
		json_object_set(params, "names", names);
	json_decref(names);
	if (!possible) {
		json_decref(params);
		return false;
	}
	interrupt_notice_begin(&notice,
	    xstrdup("reevectl: interrupted: the daemon completes "
		    "the update"),
	    false);
	if (control_job_run(control, "config.update", params, &events, &update, &r) == -1)
		session_error(s, control_lost(control));
	interrupt_notice_end(&notice);
	known = r.fault != FAULT_UNKNOWN_METHOD;
	if (known)
		session_replied(s, 0, &r, "");
	if (r.result != NULL)
		reread_show_pending(s, s->err, r.result, all, false);
	reply_clear(&r);
	return known;
}

void
update_run(struct session *s, const char *args)
{
	struct words only;
	struct reply r = REPLY_NONE;
	const char *bad = NULL;
	bool dry;
	int rc;

	if (!session_reach(s))
		return;
	words_split(&only, args);
	dry = words_take(&only, "--dry-run");
	for (size_t i = only.count; i-- > 0;)
		if (str_starts(only.list[i], "--"))
			bad = only.list[i];
	if (bad != NULL) {
		/* A misspelt --dry-run must not apply the changes. */
		session_usage(s, EXIT_GENERIC, "Error: bad argument %s", bad);
	} else if (dry || !update_by_daemon(s, &only)) {
		rc = server_call(
		    s->server, dry ? "config.preview" : "config.reread", NULL, &r);
		if (session_replied(s, rc, &r, ""))
			update_apply(s, &only, r.result, dry);
	}
	reply_clear(&r);
	words_clear(&only);
}
