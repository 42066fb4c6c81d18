#include "ctl/commands/status.h"

#include "common/mem.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"
#include "ctl/commands/watch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct selection {
	const struct process_info **list;	/* borrowed rows */
	size_t count;
};

/* Adds every row that the name means; false when there is none. */
static bool
status_select_rows(struct selection *sel, const struct server_rows *rows, const char *group,
    const char *name)
{
	size_t before = sel->count;

	for (size_t i = 0; i < rows->count; i++) {
		const struct process_info *row = rows->list[i];

		if (strcmp(row->group, group) != 0 ||
		    (name != NULL && strcmp(row->name, name) != 0))
			continue;
		sel->list = xreallocarray(sel->list, sel->count + 1, sizeof(*sel->list));
		sel->list[sel->count++] = row;
	}
	return sel->count > before;
}

/* How status is to be shown. */
struct status {
	struct words names;
	bool json, watch;
	struct selection sel;
};

static void
status_select_names(struct session *s, struct status *st, const struct server_rows *rows)
{
	/* What is no row is none of the JSON text either. */
	FILE *out = st->json ? stderr : s->out;
	struct words names = { 0 };

	for (size_t i = 0; i < st->names.count; i++)
		words_add(&names, st->names.list[i]);
	namespec_expand(&names, s->attached, rows);
	for (size_t i = 0; i < names.count; i++) {
		const char *spec = names.list[i];
		char *group, *name;

		namespec_split(spec, &group, &name);
		if (!status_select_rows(&st->sel, rows, group, name)) {
			fprintf(out, name == NULL ? "%s: ERROR (no such group)\n" :
			    "%s: ERROR (no such process)\n", name == NULL ? group : spec);
			s->status = EXIT_UNKNOWN;
			session_unknown(s, spec);
		}
		free(group);
		free(name);
	}
	words_clear(&names);
}

static void
status_rows(struct session *s, const struct status *st, const struct server_rows *shown)
{
	const struct daemon_info *daemon = shown->daemon;

	if (daemon != NULL && !st->json)
		show_daemon(s->out, daemon);
	if (st->json)
		show_json(s->out, shown->list, shown->count, shown->now);
	else
		show_status(s->out, shown->list, shown->count, shown->now,
		    (struct show_style){ .colour = s->colour,
			.exits = isatty(fileno(s->out)) });
	for (size_t i = 0; i < shown->count; i++)
		if (process_state_is_stopped(shown->list[i]->state))
			s->status = EXIT_SOME_NOT_RUNNING;
	if (daemon != NULL && daemon->state != DAEMON_RUNNING)
		s->status = EXIT_UNKNOWN;
}

/* Shows the rows as they are now. */
static void
status_now(struct session *s, void *ctx)
{
	struct status *st = ctx;
	struct server_rows rows;

	s->status = EXIT_OK;
	if (!session_rows(s, &rows))
		return;
	if (st->names.count > 0 && !st->names.all) {
		status_select_names(s, st, &rows);
		rows.list = st->sel.list;
		rows.count = st->sel.count;
	}
	status_rows(s, st, &rows);
	st->sel.count = 0;
}

void
status_run(struct session *s, const char *args)
{
	struct status st = { .json = false };

	if (!session_connect(s)) {
		if (s->status != EXIT_GENERIC)
			s->status = EXIT_UNKNOWN;
		return;
	}
	words_split(&st.names, args);
	st.json = words_take(&st.names, "--json");
	st.watch = words_take(&st.names, "--watch");
	if (st.watch)
		watch_status(s, status_now, &st);
	else
		status_now(s, &st);
	free(st.sel.list);
	words_clear(&st.names);
}

static void
status_pid_of(struct session *s, const struct server_rows *rows, const char *spec)
{
	const struct process_info *row = namespec_find(spec, rows);

	if (row == NULL) {
		fprintf(s->out, "No such process %s\n", spec);
		s->status = EXIT_GENERIC;
		session_unknown(s, spec);
		return;
	}
	fprintf(s->out, "%d\n", (int)row->pid);
	if (row->pid == 0)
		s->status = EXIT_NOT_RUNNING;
}

/* Prints what a call without parameters answers. */
static void
status_print_reply(struct session *s, int (*ask)(struct server *, struct reply *))
{
	struct reply r;

	if (ask(s->server, &r) == -1)
		session_lost(s);
	else if (r.fault != FAULT_NONE)
		session_fault(s, r.fault, r.text);
	else if (json_is_integer(r.result))
		fprintf(s->out, "%lld\n", (long long)json_integer_value(r.result));
	else if (json_is_string(r.result))
		fprintf(s->out, "%s\n", json_string_value(r.result));
	reply_clear(&r);
}

static void
status_pid_names(struct session *s, struct words *names)
{
	struct server_rows rows;

	if (!session_rows(s, &rows))
		return;
	if (names->all) {
		for (size_t i = 0; i < rows.count; i++)
			fprintf(s->out, "%d\n", (int)rows.list[i]->pid);
		return;
	}
	namespec_expand(names, s->attached, &rows);
	for (size_t i = 0; i < names->count; i++)
		status_pid_of(s, &rows, names->list[i]);
}

void
status_pid(struct session *s, const char *args)
{
	struct words names;

	if (!session_connect(s))
		return;
	words_split(&names, args);
	if (names.count == 0)
		status_print_reply(s, server_pid);
	else
		status_pid_names(s, &names);
	words_clear(&names);
}

void
status_version(struct session *s, const char *args)
{
	if (session_no_arguments(s, args) && session_connect(s))
		status_print_reply(s, server_version);
}
