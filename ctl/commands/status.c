/* The commands status and pid. */
#include "common/mem.h"
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"
#include "ctl/terminal/interrupt.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"
#include "ctl/commands/status.h"
#include "ctl/daemon/control.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_MS 1000     /* between two updates when nothing changes */
#define STATUS_REST_MS 100 /* at least between two updates */

/* Replaces the rows by those of the names; the new list is returned for free(). */
static const struct process_info **
status_select(struct session *s, const struct status *st, struct server_rows *rows)
{
	/* Errors must not be part of the JSON text. */
	FILE *out = st->json ? stderr : s->out;
	const struct process_info **list = NULL;
	struct words names = { 0 };
	size_t count = 0, before;

	for (size_t i = 0; i < st->names.count; i++)
		words_add(&names, st->names.list[i]);
	namespec_expand(&names, s->attached, rows);
	for (size_t i = 0; i < names.count; i++) {
		before = count;
		for (size_t k = 0; k < rows->count; k++) {
			if (!namespec_means(names.list[i], rows->list[k]))
				continue;
			list = xreallocarray(list, count + 1, sizeof(*list));
			list[count++] = rows->list[k];
		}
		if (count > before)
			continue;
		session_no_such(s, out, names.list[i]);
		s->status = EXIT_UNKNOWN;
	}
	words_clear(&names);
	rows->list = list;
	rows->count = count;
	return list;
}

bool
status_rows(struct session *s, const struct status *st, struct server_rows *rows,
    const struct process_info ***selected)
{
	*selected = NULL;
	s->status = EXIT_OK;
	if (!session_rows(s, rows))
		return false;
	if (st->names.count > 0 && !st->names.all)
		*selected = status_select(s, st, rows);
	for (size_t i = 0; i < rows->count; i++)
		if (process_state_is_stopped(rows->list[i]->state))
			s->status = EXIT_SOME_NOT_RUNNING;
	if (rows->daemon != NULL && rows->daemon->state != DAEMON_RUNNING)
		s->status = EXIT_UNKNOWN;
	return true;
}

static void
status_show_json(struct session *s, const struct status *st)
{
	const struct process_info **selected = NULL;
	struct server_stats *stats;
	struct server_rows rows;

	/* First, because rows are valid until the next call only. */
	if (server_stats(s->server, &stats) == -1)
		session_lost(s);
	else if (status_rows(s, st, &rows, &selected))
		show_json(s->out, rows.list, rows.count, rows.now, stats);
	server_stats_free(stats);
	free(selected);
}

/* Shows the current rows. */
static void
status_show(struct session *s, const struct status *st)
{
	const struct process_info **selected;
	struct server_rows rows;

	if (st->json) {
		status_show_json(s, st);
		return;
	}
	if (!status_rows(s, st, &rows, &selected))
		return;
	if (rows.daemon != NULL)
		show_daemon(s->out, rows.daemon);
	show_status(s->out, rows.list, rows.count, rows.now,
	    (struct show_style){ .colour = s->colour, .exits = isatty(fileno(s->out)) });
	free(selected);
}

/* Prints the rows at every change and each second, until Ctrl-C or an error. */
static void
status_watch(struct session *s, const struct status *st)
{
	struct control *control;
	struct interrupt interrupt;

	interrupt_begin(&interrupt);
	do {
		status_show(s, st);
		fputc('\n', s->out);
		control = server_control(s->server);
	} while (fflush(s->out) == 0 && !s->broken &&
	    interrupt_wait(&interrupt, s->out, -1, STATUS_REST_MS) &&
	    interrupt_wait(&interrupt, s->out, control != NULL ? control_fd(control) : -1,
		STATUS_MS - STATUS_REST_MS));
	interrupt_end(&interrupt);
}

void
status_run(struct session *s, const char *args)
{
	struct status st;

	if (!session_connect(s)) {
		if (s->status != EXIT_GENERIC)
			s->status = EXIT_UNKNOWN;
		return;
	}
	words_split(&st.names, args);
	st.json = words_take(&st.names, "--json");
	if (!words_take(&st.names, "--watch"))
		status_show(s, &st);
	else if (s->terminal && !st.json)
		watch_run(s, &st);
	else
		status_watch(s, &st);
	words_clear(&st.names);
}

static void
status_print(struct session *s, enum server_value value)
{
	struct reply r;

	if (session_replied(s, server_get(s->server, value, &r), &r, NULL)) {
		if (json_is_integer(r.result))
			fprintf(s->out, "%lld\n", (long long)json_integer_value(r.result));
		else
			fprintf(s->out, "%s\n", json_string_value(r.result));
	}
	reply_clear(&r);
}

static void
status_print_pids(struct session *s, struct words *names)
{
	struct server_rows rows;

	if (!session_rows(s, &rows))
		return;
	for (size_t i = 0; i < rows.count && names->all; i++)
		fprintf(s->out, "%d\n", (int)rows.list[i]->pid);
	if (names->all)
		return;
	namespec_expand(names, s->attached, &rows);
	for (size_t i = 0; i < names->count; i++) {
		const struct process_info *row = namespec_find(names->list[i], &rows);

		if (row == NULL) {
			session_report(
			    s, EXIT_GENERIC, "No such process %s", names->list[i]);
			session_unknown(s, names->list[i]);
			continue;
		}
		fprintf(s->out, "%d\n", (int)row->pid);
		if (row->pid == 0)
			s->status = EXIT_NOT_RUNNING;
	}
}

void
status_pid(struct session *s, const char *args)
{
	struct words names;

	if (!session_connect(s))
		return;
	words_split(&names, args);
	if (names.count == 0)
		status_print(s, SERVER_PID);
	else
		status_print_pids(s, &names);
	words_clear(&names);
}
