/* The command events. */
#include "common/clock.h"
#include "common/map.h"
#include "common/mem.h"
#include "ctl/commands/command.h"
#include "ctl/terminal/interrupt.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"
#include "ctl/daemon/control.h"
#include "proto/row.h"

#include <stdlib.h>
#include <time.h>

/* The last known state of a process. */
struct known {
	char *name;
	enum process_state state;
};

struct events {
	FILE *out;
	const struct words *only; /* names of processes; empty = all */
	bool json;
	struct idmap *known; /* of struct known by id, owned */
};

static void
events_print_time(FILE *out)
{
	char text[32];

	(void)clock_local_text(text, sizeof(text), "%Y-%m-%d %H:%M:%S ", time(NULL));
	fputs(text, out);
}

static void
events_print(const struct events *e, const char *name, const struct process_info *info)
{
	struct buf row;
	char *text;

	buf_init(&row, 0);
	if (e->json && row_write(&row, info, ROW_WHOLE) == 0) {
		/* last_exit is added as the last member. */
		text = process_info_last_exit(info);
		(void)fwrite(buf_data(&row), 1, buf_len(&row) - 1, e->out);
		fprintf(e->out, ",\"last_exit\":\"%s\"}\n", text != NULL ? text : "");
	} else {
		text = show_description(info, info->start);
		events_print_time(e->out);
		fprintf(e->out, "%s %s%s%s\n", name, process_state_name(info->state),
		    text != NULL && *text != '\0' ? " " : "", text != NULL ? text : "");
	}
	free(text);
	buf_clear(&row);
	fflush(e->out);
}

static void
events_print_removed(const struct events *e, const char *name)
{
	json_t *row =
	    e->json ? json_pack("{ss, ss}", "removed", name, "state", "REMOVED") : NULL;

	if (row != NULL) {
		(void)json_dumpf(row, e->out, JSON_COMPACT);
		fputc('\n', e->out);
		json_decref(row);
	} else {
		events_print_time(e->out);
		fprintf(e->out, "%s REMOVED\n", name);
	}
	fflush(e->out);
}

/* Adds an entry for the process; NULL if the names exclude it. Borrowed. */
static struct known *
events_note(struct events *e, uint64_t id, const struct process_info *info)
{
	struct known *known;

	if (e->only->count > 0 && !namespec_any_means(e->only, info))
		return NULL;
	known = xcalloc(1, sizeof(*known));
	known->name = namespec_join(info->group, info->name);
	known->state = info->state;
	mem_must(idmap_set(e->known, id, known));
	return known;
}

static void
events_on_change(void *ctx, uint64_t id, const struct process_info *info)
{
	struct events *e = ctx;
	struct known *known = idmap_get(e->known, id);

	if (info == NULL && known != NULL) {
		(void)idmap_remove(e->known, id);
		events_print_removed(e, known->name);
		free(known->name);
		free(known);
	} else if (info != NULL && known == NULL) {
		known = events_note(e, id, info);
		if (known != NULL)
			events_print(e, known->name, info);
	} else if (info != NULL && known->state != info->state) {
		known->state = info->state;
		events_print(e, known->name, info);
	}
}

/* Reports unknown names, which would wait for ever, and records the current states. */
static void
events_begin(struct session *s, struct events *e, const struct server_rows *rows)
{
	for (size_t i = 0; i < e->only->count && !e->only->all; i++) {
		bool known = false;

		for (size_t k = 0; k < rows->count && !known; k++)
			known = namespec_means(e->only->list[i], rows->list[k]);
		if (!known)
			session_no_such(s, stderr, e->only->list[i]);
	}
	for (size_t i = 0; i < rows->count; i++)
		(void)events_note(e, rows->list[i]->id, rows->list[i]);
	session_advise(s);
}

static void
events_stream(struct session *s, struct events *e)
{
	struct control *control = server_control(s->server);
	struct interrupt interrupt;
	bool lost = false;

	interrupt_begin(&interrupt);
	control_observe(control, events_on_change, e);
	while (!lost && !ferror(s->out) &&
	    interrupt_wait(&interrupt, s->out, control_fd(control), -1))
		lost = control_pump(control) == -1;
	control_observe(control, NULL, NULL);
	interrupt_end(&interrupt);
	if (lost)
		session_error(s, control_lost(control));
}

void
events_run(struct session *s, const char *args)
{
	struct words words;
	struct events e = { .out = s->out, .only = &words };
	struct server_rows rows;
	struct known *known;
	size_t cursor = 0;

	if (!session_connect(s))
		return;
	if (server_control(s->server) == NULL) {
		session_error(s, "events needs the control socket");
		return;
	}
	words_split(&words, args);
	e.json = words_take(&words, "--json");
	e.known = idmap_new();
	mem_must(e.known == NULL);
	if (session_rows(s, &rows)) {
		namespec_expand(&words, s->attached, &rows);
		events_begin(s, &e, &rows);
		events_stream(s, &e);
	}
	while ((known = idmap_next(e.known, &cursor, NULL)) != NULL) {
		free(known->name);
		free(known);
	}
	idmap_free(e.known);
	words_clear(&words);
}
