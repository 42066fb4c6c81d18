#include "ctl/query.h"

#include "common/clock.h"
#include "common/mem.h"
#include "ctl/session.h"
#include "ctl/show.h"
#include "proto/mirror.h"

#include <stdlib.h>
#include <string.h>

struct selection {
	const struct process_info **rows;	/* borrowed rows */
	size_t count;
};

/* Adds every row that the name means; false when there is none. */
static bool
select_rows(struct selection *sel, const struct mirror *mirror, const char *group,
    const char *name)
{
	size_t n, before = sel->count;
	const struct process_info *const *rows = mirror_sorted(mirror, &n);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i]->group, group) != 0 ||
		    (name != NULL && strcmp(rows[i]->name, name) != 0))
			continue;
		sel->rows = xreallocarray(sel->rows, sel->count + 1, sizeof(*sel->rows));
		sel->rows[sel->count++] = rows[i];
	}
	return sel->count > before;
}

static void
select_names(struct session *s, struct selection *sel, const struct words *names)
{
	const struct mirror *mirror = client_mirror(s->client);

	for (size_t i = 0; i < names->count; i++) {
		char *group, *name;
		namespec_split(names->list[i], &group, &name);
		if (!select_rows(sel, mirror, group, name)) {
			fprintf(s->out, name == NULL ? "%s: ERROR (no such group)\n" :
			    "%s: ERROR (no such process)\n",
			    name == NULL ? group : names->list[i]);
			s->status = EXIT_UNKNOWN;
		}
		free(group);
		free(name);
	}
}

static void
status_rows(struct session *s, const struct process_info *const *rows, size_t n)
{
	const struct daemon_info *daemon = mirror_daemon(client_mirror(s->client));

	show_daemon(s->out, daemon);
	show_status(s->out, rows, n, clock_wall_ms() / 1000);
	for (size_t i = 0; i < n; i++)
		if (process_state_is_stopped(rows[i]->state))
			s->status = EXIT_SOME_NOT_RUNNING;
	if (daemon->state != DAEMON_RUNNING)
		s->status = EXIT_UNKNOWN;
}

void
query_status(struct session *s, const char *args)
{
	struct words names;
	struct selection sel = { 0 };
	size_t n;

	if (!session_connect(s)) {
		s->status = EXIT_UNKNOWN;
		return;
	}
	words_split(&names, args);
	if (names.count == 0 || names.all) {
		const struct process_info *const *rows =
		    mirror_sorted(client_mirror(s->client), &n);
		status_rows(s, rows, n);
	} else {
		select_names(s, &sel, &names);
		status_rows(s, sel.rows, sel.count);
	}
	free(sel.rows);
	words_clear(&names);
}

static void
pid_of(struct session *s, const char *spec)
{
	const struct process_info *row = NULL;
	char *group, *name;

	namespec_split(spec, &group, &name);
	if (name != NULL)
		row = mirror_find(client_mirror(s->client), group, name);
	if (row == NULL) {
		fprintf(s->out, "No such process %s\n", spec);
		s->status = EXIT_GENERIC;
	} else {
		fprintf(s->out, "%d\n", (int)row->pid);
		if (row->pid == 0)
			s->status = EXIT_NOT_RUNNING;
	}
	free(group);
	free(name);
}

void
query_pid(struct session *s, const char *args)
{
	struct words names;
	size_t n;

	if (!session_connect(s))
		return;
	words_split(&names, args);
	if (names.count == 0) {
		fprintf(s->out, "%d\n", (int)mirror_daemon(client_mirror(s->client))->pid);
	} else if (names.all) {
		const struct process_info *const *rows =
		    mirror_sorted(client_mirror(s->client), &n);
		for (size_t i = 0; i < n; i++)
			fprintf(s->out, "%d\n", (int)rows[i]->pid);
	} else {
		for (size_t i = 0; i < names.count; i++)
			pid_of(s, names.list[i]);
	}
	words_clear(&names);
}
