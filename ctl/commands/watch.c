#include "ctl/commands/watch.h"

#include "common/clock.h"
#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/interrupt.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"
#include "ctl/daemon/control.h"
#include "proto/row.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define WATCH_MS 1000		/* between two pictures when nothing changes */
#define WATCH_REST_MS 100	/* at least, when much does */

/* --- waiting --- */

enum waited { WAITED_TIME, WAITED_CHANGE, WAITED_END };

/* Waits for a change of state on the control socket, for the end, or for the time. */
static enum waited
watch_wait(const struct session *s, const struct interrupt *interrupt,
    struct control *control, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = interrupt->fd, .events = POLLIN },
		{ .fd = fileno(s->out) },
		{ .fd = control != NULL ? control_fd(control) : -1, .events = POLLIN },
	};

	if (poll(fds, nitems(fds), timeout_ms) == -1)
		return errno == EINTR ? WAITED_TIME : WAITED_END;
	if (fds[0].revents != 0 || (fds[1].revents & (POLLERR | POLLNVAL)) != 0)
		return WAITED_END;
	return fds[2].revents != 0 ? WAITED_CHANGE : WAITED_TIME;
}

/* --- status --watch --- */

/* Puts a text on the terminal over what was there: as many lines as it has, each to its
 * end; a long one is cut, not wrapped. */
static void
watch_show_picture(FILE *out, const char *text)
{
	struct winsize size = { .ws_row = 0 };
	int lines;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) == -1 || size.ws_row == 0)
		size.ws_row = 24;
	fputs("\033[?7l\033[H", out);
	for (lines = 1; *text != '\0' && lines < size.ws_row; lines++) {
		size_t n = strcspn(text, "\n");
		fprintf(out, "%.*s\033[K\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
	fputs("\033[J\033[?7h", out);
}

static void
watch_draw_picture(struct session *s, void (*draw)(struct session *, void *), void *ctx)
{
	FILE *out = s->out;
	char *text = NULL;
	size_t length = 0;

	s->out = open_memstream(&text, &length);
	if (s->out == NULL) {
		s->out = out;
		session_error(s, strerror(errno));
		return;
	}
	draw(s, ctx);
	fclose(s->out);
	s->out = out;
	if (isatty(fileno(out)) && !s->broken)
		watch_show_picture(out, text);
	else
		fprintf(out, "%s\n", text);
	free(text);
}

void
watch_status(struct session *s, void (*draw)(struct session *, void *ctx), void *ctx)
{
	struct interrupt interrupt;
	enum waited waited = WAITED_TIME;

	interrupt_begin(&interrupt);
	if (isatty(fileno(s->out)))
		fputs("\033[2J", s->out);
	while (waited != WAITED_END) {
		watch_draw_picture(s, draw, ctx);
		if (fflush(s->out) == EOF || s->broken)
			break;
		waited = watch_wait(s, &interrupt, NULL, WATCH_REST_MS);
		if (waited != WAITED_END)
			waited = watch_wait(s, &interrupt, server_control(s->server),
			    WATCH_MS - WATCH_REST_MS);
	}
	interrupt_end(&interrupt);
}

/* --- events --- */

/* What was said last of a process. */
struct told {
	char *name;
	enum process_state state;
};

struct events {
	FILE *out;
	const struct words *only;	/* names, none = all */
	bool json;
	struct idmap *told;		/* of struct told by id */
};

static bool
watch_is_wanted(const struct events *e, const char *spec, const char *group)
{
	bool wanted = e->only->count == 0 || e->only->all;

	for (size_t i = 0; i < e->only->count && !wanted; i++) {
		char *of_group, *name;
		namespec_split(e->only->list[i], &of_group, &name);
		wanted = strcmp(e->only->list[i], spec) == 0 ||
		    (name == NULL && strcmp(of_group, group) == 0);
		free(of_group);
		free(name);
	}
	return wanted;
}

static void
watch_print_time(FILE *out)
{
	char text[32];

	if (clock_local_text(text, sizeof(text), "%Y-%m-%d %H:%M:%S ", time(NULL)) > 0)
		fputs(text, out);
}

static void
watch_print_event(const struct events *e, const char *name, const struct process_info *info)
{
	struct buf row;
	char *text;

	buf_init(&row, 0);
	if (e->json && row_write(&row, info, ROW_WHOLE) == 0) {
		/* Its last member, in the place of the closing brace. */
		text = process_info_last_exit(info);
		(void)fwrite(buf_data(&row), 1, buf_len(&row) - 1, e->out);
		fprintf(e->out, ",\"last_exit\":\"%s\"}\n", text != NULL ? text : "");
		free(text);
	} else {
		text = show_description(info, info->start);
		watch_print_time(e->out);
		fprintf(e->out, "%s %s%s%s\n", name, process_state_name(info->state),
		    text != NULL && *text != '\0' ? " " : "", text != NULL ? text : "");
		free(text);
	}
	buf_clear(&row);
	fflush(e->out);
}

static void
watch_reported_free(struct told *told)
{
	if (told != NULL)
		free(told->name);
	free(told);
}

static void
watch_print_removed(const struct events *e, const char *name)
{
	json_t *row = e->json ? json_pack("{ss, ss}", "removed", name, "state", "REMOVED") :
	    NULL;

	if (row != NULL) {
		(void)json_dumpf(row, e->out, JSON_COMPACT);
		fputc('\n', e->out);
		json_decref(row);
	} else {
		watch_print_time(e->out);
		fprintf(e->out, "%s REMOVED\n", name);
	}
	fflush(e->out);
}

static void
watch_on_change(void *ctx, uint64_t id, const struct process_info *info)
{
	struct events *e = ctx;
	struct told *told = idmap_get(e->told, id);

	if (info == NULL) {
		told = idmap_remove(e->told, id);
		if (told != NULL)
			watch_print_removed(e, told->name);
		watch_reported_free(told);
		return;
	}
	if (told == NULL) {
		char *spec = namespec_join(info->group, info->name);
		if (!watch_is_wanted(e, spec, info->group)) {
			free(spec);
			return;
		}
		told = xcalloc(1, sizeof(*told));
		told->name = spec;
		if (idmap_set(e->told, id, told) == -1)
			abort();
	} else if (told->state == info->state) {
		return;
	}
	told->state = info->state;
	watch_print_event(e, told->name, info);
}

/* The states as they are now are known and not told. */
static void
watch_note_rows(struct events *e, const struct server_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct process_info *row = rows->list[i];
		char *spec = namespec_join(row->group, row->name);
		struct told *told;

		if (!watch_is_wanted(e, spec, row->group)) {
			free(spec);
			continue;
		}
		told = xcalloc(1, sizeof(*told));
		told->name = spec;
		told->state = row->state;
		if (idmap_set(e->told, row->id, told) == -1)
			abort();
	}
}

/* Who waits for what is misspelt waits for ever. */
static void
watch_report_unknown(struct session *s, const struct words *only,
    const struct server_rows *rows)
{
	for (size_t i = 0; i < only->count && !only->all; i++) {
		char *group, *name;
		bool known = false;

		namespec_split(only->list[i], &group, &name);
		for (size_t k = 0; k < rows->count && !known; k++)
			known = strcmp(rows->list[k]->group, group) == 0 &&
			    (name == NULL || strcmp(rows->list[k]->name, name) == 0);
		if (!known) {
			fprintf(stderr, "%s: ERROR (no such %s)\n", name == NULL ? group :
			    only->list[i], name == NULL ? "group" : "process");
			session_unknown(s, only->list[i]);
		}
		free(group);
		free(name);
	}
}

static void
watch_follow_events(struct session *s, struct events *e)
{
	struct control *control = server_control(s->server);
	struct interrupt interrupt;
	bool lost = false;

	interrupt_begin(&interrupt);
	control_observe(control, watch_on_change, e);
	while (!lost && !ferror(s->out) &&
	    watch_wait(s, &interrupt, control, -1) != WAITED_END)
		lost = control_pump(control, 0) == -1;
	control_observe(control, NULL, NULL);
	interrupt_end(&interrupt);
	if (lost)
		session_error(s, control_lost(control));
}

static void
watch_events_free(struct events *e)
{
	struct told *told;
	size_t cursor = 0;

	while ((told = idmap_next(e->told, &cursor, NULL)) != NULL)
		watch_reported_free(told);
	idmap_free(e->told);
}

void
watch_events(struct session *s, const char *args)
{
	struct words words;
	struct events e = { .out = s->out, .only = &words };
	struct server_rows rows;

	if (!session_connect(s))
		return;
	if (!server_is_control(s->server)) {
		session_error(s, "events are told on the control socket alone");
		return;
	}
	words_split(&words, args);
	e.json = words_take(&words, "--json");
	e.told = idmap_new();
	if (e.told != NULL && session_rows(s, &rows)) {
		namespec_expand(&words, s->attached, &rows);
		watch_report_unknown(s, &words, &rows);
		watch_note_rows(&e, &rows);
		session_advise(s);
		watch_follow_events(s, &e);
	}
	watch_events_free(&e);
	words_clear(&words);
}
