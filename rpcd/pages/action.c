#include "rpcd/pages/action.h"

#include "common/compiler.h"
#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"
#include "proto/fault.h"
#include "rpcd/pages/html.h"
#include "rpcd/pages/list.h"

#include <stdlib.h>
#include <string.h>

#define GROUP_MARK ":*"

/* ---- programs ---- */

/* What the fields of a form name. A program that is named several times is meant once, so
 * that the work and its result are bounded by the programs and not by the form. */
struct action_targets {
	bool all;
	char **groups; /* owned */
	size_t ngroups;
	struct idmap *ones; /* the programs, by their ids */
};

static void
action_targets_init(struct action_targets *targets)
{
	*targets = (struct action_targets){ .ones = idmap_new() };
	mem_must(targets->ones != NULL ? 0 : -1);
}

static void
action_targets_clear(struct action_targets *targets)
{
	for (size_t i = 0; i < targets->ngroups; i++)
		free(targets->groups[i]);
	free(targets->groups);
	idmap_free(targets->ones);
}

static void
action_target_group(struct action_targets *targets, const char *target)
{
	targets->groups =
	    xreallocarray(targets->groups, targets->ngroups + 1, sizeof(*targets->groups));
	targets->groups[targets->ngroups++] =
	    xstrndup(target, strlen(target) - strlen(GROUP_MARK));
}

static void
action_target_one(
    struct action_targets *targets, const struct view *view, const char *target)
{
	const struct process_info *info = NULL;
	char *group, *name;

	namespec_split(target, &group, &name);
	mem_must(group == NULL);
	if (name != NULL)
		info = mirror_find(view->mirror, group, name);
	if (info != NULL)
		mem_must(
		    idmap_set(targets->ones, (uint64_t)info->id, (void *)(uintptr_t)info));
	free(group);
	free(name);
}

static void
action_target(struct action_targets *targets, const struct view *view, const char *target)
{
	size_t len = strlen(target), mark = strlen(GROUP_MARK);

	if (str_equal(target, VIEW_SHOWN))
		targets->all = true;
	else if (len > mark && str_equal(target + len - mark, GROUP_MARK))
		action_target_group(targets, target);
	else if (len > 0)
		action_target_one(targets, view, target);
}

static int
action_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
action_is_meant(const struct action *action, const struct action_targets *targets,
    const struct process_info *info, const struct list_filter *filter)
{
	if (idmap_get(targets->ones, (uint64_t)info->id) != NULL)
		return true;
	return view_applies(action->what, info) &&
	    ((targets->all && list_shows(filter, info)) ||
		(targets->ngroups > 0 &&
		    bsearch(&info->group, targets->groups, targets->ngroups,
			sizeof(*targets->groups), action_compare) != NULL));
}

/* Adds the programs that are meant and that the caller sees, in the order of the lists. */
static void
action_add(struct action *action, const struct view *view, struct action_targets *targets,
    const struct list_filter *filter)
{
	const struct mirror *mirror = view->mirror;
	const struct process_info *info;

	if (targets->ngroups > 0)
		qsort(targets->groups, targets->ngroups, sizeof(*targets->groups),
		    action_compare);
	action->names = xcalloc(mirror->count + 1, sizeof(*action->names));
	for (size_t i = 0; i < mirror->count; i++) {
		info = mirror->rows[i];
		if (!action_is_meant(action, targets, info, filter) ||
		    !view_sees(view, info))
			continue;
		action->names[action->count] = namespec_join(info->group, info->name);
		mem_must(action->names[action->count++] == NULL);
	}
}

/* ---- reading ---- */

/* The action of the first n bytes of the text, or VIEW_RIGHTS. */
static enum view_right
action_find(const char *word, size_t n)
{
	size_t i = 0;

	while (i <= VIEW_MORE &&
	    (strlen(view_word((enum view_right)i)) != n ||
		strncmp(word, view_word((enum view_right)i), n) != 0))
		i++;
	return i <= VIEW_MORE ? (enum view_right)i : VIEW_RIGHTS;
}

static enum action_result
action_begin(struct action *action, const struct view *view, enum view_right what)
{
	*action = (struct action){ .what = what };
	if (what == VIEW_RIGHTS)
		return ACTION_UNKNOWN;
	return view_may(view, what) ? ACTION_OK : ACTION_DENIED;
}

enum action_result
action_read(struct action *action, const struct view *view, const struct form *form)
{
	const char *text = form_value(form, "action");
	size_t len = strcspn(text, " ");
	const struct list_filter filter = { form_value(form, "q"),
		form_value(form, "state") };
	enum action_result result = action_begin(action, view, action_find(text, len));
	struct action_targets targets;

	if (result != ACTION_OK)
		return result;
	action->signal = xstrdup(form_value(form, "signal"));
	action_targets_init(&targets);
	if (text[len] == ' ')
		action_target(&targets, view, text + len + 1);
	for (size_t i = 0; text[len] != ' ' && i < form->count; i++)
		if (str_equal(form->fields[i].name, "name"))
			action_target(&targets, view, form->fields[i].value);
	action_add(action, view, &targets, &filter);
	action_targets_clear(&targets);
	return action->count > 0 ? ACTION_OK : ACTION_NO_NAME;
}

enum action_result
action_read_link(
    struct action *action, const struct view *view, const char *word, const char *name)
{
	static const struct {
		const char *word, *target; /* NULL = the program that the link names */
		enum view_right what;
	} links[] = {
	    {"start", NULL, VIEW_START},
	    {"stop", NULL, VIEW_STOP},
	    {"restart", NULL, VIEW_RESTART},
	    {"clearlog", NULL, VIEW_CLEAR},
	    {"stopall", VIEW_SHOWN, VIEW_STOP},
	    {"restartall", VIEW_SHOWN, VIEW_RESTART},
	};
	static const struct list_filter all = { "", "" };
	struct action_targets targets;
	enum action_result result;
	size_t i = 0;

	while (i < nitems(links) && !str_equal(word, links[i].word))
		i++;
	result =
	    action_begin(action, view, i < nitems(links) ? links[i].what : VIEW_RIGHTS);
	if (result != ACTION_OK)
		return result;
	action_targets_init(&targets);
	action_target(&targets, view, links[i].target != NULL ? links[i].target : name);
	action_add(action, view, &targets, &all);
	action_targets_clear(&targets);
	return action->count > 0 ? ACTION_OK : ACTION_NO_NAME;
}

void
action_clear(struct action *action)
{
	for (size_t i = 0; i < action->count; i++)
		free(action->names[i]);
	free(action->names);
	free(action->signal);
	*action = (struct action){ 0 };
}

bool
action_is_grave(const struct action *action)
{
	return action->count > 1 &&
	    (action->what == VIEW_STOP || action->what == VIEW_RESTART);
}

/* ---- calls ---- */

/* params: taken. */
static void
action_call(json_t *calls, const char *method, json_t *params)
{
	mem_must(params == NULL);
	mem_must(json_array_append_new(
	    calls, json_pack("{s:s, s:o}", "methodName", method, "params", params)));
}

/* The call for one program. A person waits for the outcome of one program; several proceed
 * at the same time. */
static void
action_call_one(const struct action *action, json_t *calls, const char *name)
{
	int wait = action->count == 1;

	if (action->what == VIEW_SIGNAL)
		action_call(calls, "supervisor.signalProcess",
		    json_pack("[s, s]", name, action->signal));
	if (action->what == VIEW_CLEAR)
		action_call(calls, "supervisor.clearProcessLogs", json_pack("[s]", name));
	if (action->what == VIEW_STOP)
		action_call(
		    calls, "supervisor.stopProcess", json_pack("[s, b]", name, wait));
	if (action->what == VIEW_START)
		action_call(
		    calls, "supervisor.startProcess", json_pack("[s, b]", name, wait));
}

/* One call, which the master carries out also when the client leaves. */
static void
action_call_restart(const struct action *action, json_t *calls)
{
	json_t *names = json_array();

	for (size_t i = 0; i < action->count; i++)
		mem_must(json_array_append_new(names, json_string(action->names[i])));
	action_call(calls, "reeve.restartProcesses",
	    json_pack("[o, b]", names, action->count == 1));
}

json_t *
action_calls(const struct action *action)
{
	json_t *calls = json_array();

	mem_must(calls == NULL);
	if (action->what == VIEW_RESTART)
		action_call_restart(action, calls);
	for (size_t i = 0; action->what != VIEW_RESTART && i < action->count; i++)
		action_call_one(action, calls, action->names[i]);
	return calls;
}

static void
action_failure(struct buf *out, const char *name, const char *why)
{
	html_raw(out, "<li>");
	html_text(out, name);
	html_raw(out, ": ");
	html_text(out, why);
	html_raw(out, "</li>\n");
}

/* The result of a restart: a fault, or a status struct for each program. */
static void
action_restart_failures(struct buf *out, const struct action *action, const json_t *result)
{
	const char *why = json_string_value(json_object_get(result, "faultString"));
	const json_t *status;
	size_t i;

	if (why != NULL)
		action_failure(out, action->count == 1 ? action->names[0] : "restart", why);
	json_array_foreach(result, i, status)
		if (json_integer_value(json_object_get(status, "status")) != FAULT_SUCCESS)
			action_failure(out,
			    json_string_value(json_object_get(status, "name")),
			    json_string_value(json_object_get(status, "description")));
}

void
action_failures(struct buf *out, const struct action *action, const json_t *results)
{
	if (action->what == VIEW_RESTART) {
		action_restart_failures(out, action, json_array_get(results, 0));
		return;
	}
	for (size_t i = 0; i < action->count; i++) {
		const char *why = json_string_value(
		    json_object_get(json_array_get(results, i), "faultString"));

		if (why != NULL)
			action_failure(out, action->names[i], why);
	}
}
