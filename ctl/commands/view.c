#include "ctl/commands/view.h"

#include "common/mem.h"
#include "ctl/terminal/cells.h"
#include "ctl/commands/show.h"
#include "ctl/commands/view_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VIEW_NAME_MIN 8    /* columns of a name before other columns are left out */
#define VIEW_DETAIL_MIN 16 /* columns for the last exit, or it is left out */
#define VIEW_FRAME 3       /* lines around the rows: daemon, titles, keys */

#define VIEW_BOLD "\033[1m"
#define VIEW_DIM "\033[2m"
#define VIEW_REVERSE "\033[7m"
#define VIEW_PLAIN "\033[0m"

/* ---- values ---- */

static void
view_text_pid(char *out, size_t size, const struct view_row *row, int64_t now UNUSED)
{
	if (row->info->pid != 0)
		snprintf(out, size, "%d", (int)row->info->pid);
}

static void
view_text_uptime(char *out, size_t size, const struct view_row *row, int64_t now)
{
	int64_t s = view_row_uptime(row, now);

	if (s < 0)
		return;
	if (s >= 86400)
		snprintf(out, size, "%" PRId64 "d %02d:%02d", s / 86400,
		    (int)(s % 86400 / 3600), (int)(s % 3600 / 60));
	else
		snprintf(out, size, "%d:%02d:%02d", (int)(s / 3600), (int)(s % 3600 / 60),
		    (int)(s % 60));
}

static void
view_text_cpu(char *out, size_t size, const struct view_row *row, int64_t now UNUSED)
{
	int64_t share = row->info->pid != 0 ? view_row_cpu(row) : STATS_UNKNOWN;

	if (share >= 10000)
		snprintf(out, size, "%" PRId64, share / 10);
	else if (share >= 0)
		snprintf(out, size, "%" PRId64 ".%d", share / 10, (int)(share % 10));
}

/* Three digits and a unit: "980K", "12.3M", "1.20G". */
static void
view_text_memory(char *out, size_t size, const struct view_row *row, int64_t now UNUSED)
{
	int64_t rss = row->info->pid != 0 ? view_row_memory(row) : STATS_UNKNOWN;
	double shown = (double)rss / 1024;
	const char *unit = "KMGTP";

	if (rss < 0)
		return;
	for (; shown >= 999.5 && unit[1] != '\0'; unit++)
		shown /= 1024;
	snprintf(out, size, "%.*f%c",
	    *unit == 'K' || shown >= 99.95 ? 0 :
		shown >= 9.995             ? 1 :
					     2,
	    shown, *unit);
}

static void
view_text_restarts(char *out, size_t size, const struct view_row *row, int64_t now UNUSED)
{
	snprintf(out, size, "%" PRIu64, row->info->restarts);
}

/* The columns after state and name. In a narrow terminal, those with a high number are left
 * out first. */
static const struct view_column {
	const char *title;
	void (*text)(char *, size_t, const struct view_row *, int64_t now);
	int width;
	int drop;
	enum view_order order;
} view_columns[] = {
	{ "PID", view_text_pid, 7, 4, VIEW_BY_PID },
	{ "UPTIME", view_text_uptime, 10, 3, VIEW_BY_UPTIME },
	{ "CPU%", view_text_cpu, 6, 1, VIEW_BY_CPU },
	{ "MEMORY", view_text_memory, 7, 2, VIEW_BY_MEMORY },
	{ "RESTARTS", view_text_restarts, 9, 5, VIEW_BY_RESTARTS },
};

#define VIEW_COLUMNS nitems(view_columns)
#define VIEW_STATE_WIDTH 8

/* Where everything is in a line. */
struct view_layout {
	int state, name, detail; /* columns; 0 = left out */
	bool shown[VIEW_COLUMNS];
};

/* ---- layout ---- */

static int
view_fixed(const struct view_layout *l)
{
	int width = l->state + 1;

	for (size_t i = 0; i < VIEW_COLUMNS; i++)
		if (l->shown[i])
			width += 1 + view_columns[i].width;
	return width;
}

/* The shown column to leave out next, or -1. */
static int
view_next_drop(const struct view_layout *l)
{
	int found = -1;

	for (size_t i = 0; i < VIEW_COLUMNS; i++)
		if (l->shown[i] &&
		    (found == -1 || view_columns[i].drop > view_columns[found].drop))
			found = (int)i;
	return found;
}

static struct view_layout
view_lay_out(const struct view_scene *scene, const struct view_list *list, int width)
{
	struct view_layout l = { .state = VIEW_STATE_WIDTH };
	int widest = VIEW_NAME_MIN, drop, rest;

	for (size_t i = 0; i < list->count; i++) {
		int name = cells_width(list->names[i]);

		widest = name > widest ? name : widest;
	}
	for (size_t i = 0; i < VIEW_COLUMNS; i++)
		l.shown[i] =
		    view_columns[i].order != VIEW_BY_RESTARTS || scene->counts_restarts;
	while (width - view_fixed(&l) < (widest < 20 ? widest : 20) &&
	    (drop = view_next_drop(&l)) != -1)
		l.shown[drop] = false;
	rest = width - view_fixed(&l);
	if (rest < 4) {
		l.state = width > 5 ? width / 2 : 0;
		rest = width - l.state - (l.state > 0);
	}
	l.name = rest < widest ? rest : widest;
	rest -= l.name + 2;
	l.detail = rest >= VIEW_DETAIL_MIN ? rest : 0;
	return l;
}

/* ---- lines ---- */

static void
view_puts(struct buf *out, const char *text)
{
	mem_must(buf_puts(out, text) == -1);
}

/* A line with one text in the whole width. */
static void
view_line(struct buf *out, const char *style, const char *text, int width)
{
	view_puts(out, style);
	cells_put(out, text, width, false);
	view_puts(out, *style != '\0' ? VIEW_PLAIN : "");
}

/* Appends a cell, after a blank unless it is the first one. */
static void
view_cell(struct buf *out, const char *style, const char *text, int width, bool right)
{
	if (width <= 0)
		return;
	view_puts(out, buf_len(out) > 0 ? " " : "");
	view_puts(out, style);
	cells_put(out, text, width, right);
	view_puts(out, *style != '\0' ? VIEW_PLAIN : "");
}

static void
view_daemon(
    struct buf *out, const struct view *view, const struct view_scene *scene, int width)
{
	int room = width - cells_width(scene->time) - 1;
	char *counts = view_counts(scene), *text;

	text = xasprintf("%s%s%s  %s", scene->daemon, *scene->state != '\0' ? " " : "",
	    scene->state, counts);
	/* Without room for the counts, the time is left out. */
	if (room < 20)
		view_line(out, view->colour ? VIEW_BOLD : "", text, width);
	else {
		view_line(out, view->colour ? VIEW_BOLD : "", text, room);
		view_cell(out, "", scene->time, width - room - 1, true);
	}
	free(text);
	free(counts);
}

static void
view_titles(struct buf *out, const struct view *view, const struct view_layout *l)
{
	view_cell(
	    out, "", view->order == VIEW_BY_STATE ? "STATE*" : "STATE", l->state, false);
	view_cell(out, "", view->order == VIEW_BY_NAME ? "NAME*" : "NAME", l->name, false);
	for (size_t i = 0; i < VIEW_COLUMNS; i++) {
		const struct view_column *c = &view_columns[i];
		char title[16];

		snprintf(title, sizeof(title), "%s%s", view->order == c->order ? "*" : "",
		    c->title);
		if (l->shown[i])
			view_cell(out, "", title, c->width, true);
	}
}

static void
view_process(struct buf *out, const struct view *view, const struct view_scene *scene,
    const struct view_layout *l, const struct view_row *row, const char *name)
{
	const struct process_info *info = row->info;
	char *detail;

	view_cell(out, view->colour ? show_colour(info->state) : "",
	    process_state_name(info->state), l->state, false);
	view_cell(out, "", name, l->name, false);
	for (size_t i = 0; i < VIEW_COLUMNS; i++) {
		char text[32] = "-";

		if (!l->shown[i])
			continue;
		view_columns[i].text(text, sizeof(text), row, scene->now);
		view_cell(out, "", text, view_columns[i].width, true);
	}
	if (l->detail == 0 || info->pid != 0)
		return;
	detail = show_description(info, scene->now);
	view_puts(out, " ");
	view_cell(out, view->colour ? VIEW_DIM : "", detail != NULL ? detail : "",
	    l->detail, false);
	free(detail);
}

static void
view_keys_line(struct buf *out, const struct view *view, const struct view_scene *scene,
    const struct view_list *list, int width)
{
	char *text;

	if (view->typing)
		text = xasprintf("/%s_", view->filter);
	else if (*scene->note != '\0')
		text = xstrdup(scene->note);
	else if (view->help)
		text = xstrdup("sort: t state n name p pid u uptime c CPU m memory r "
			       "restarts; / filter, Esc all, q quit");
	else if (*view->filter != '\0')
		text = xasprintf("/%s  %zu of %zu  Esc all  q quit", view->filter,
		    list->count, scene->count);
	else
		text = xstrdup("q quit  / filter  c CPU  m memory  n name  ? keys");
	view_line(out, view->colour ? VIEW_REVERSE : "", text, width);
	free(text);
}

/* Keeps the rows that are scrolled out within the list. */
static void
view_scroll(struct view *view, const struct view_list *list, int height)
{
	size_t page = height > VIEW_FRAME ? (size_t)(height - VIEW_FRAME) : 1;

	view->page = page;
	if (list->count <= page)
		view->top = 0;
	else if (view->top > list->count - page)
		view->top = list->count - page;
}

char **
view_lines(struct view *view, const struct view_scene *scene, int width, int height)
{
	struct view_list list = view_list_make(view, scene);
	struct view_layout l = view_lay_out(scene, &list, width);
	char **lines = xcalloc((size_t)height + 1, sizeof(*lines));
	size_t i;

	view_scroll(view, &list, height);
	for (int y = 0; y < height; y++) {
		struct buf out;

		buf_init(&out, 0);
		i = view->top + (size_t)(y > 1 ? y - 2 : 0);
		if (y == height - 1 && height > 1)
			view_keys_line(&out, view, scene, &list, width);
		else if (y == 0)
			view_daemon(&out, view, scene, width);
		else if (y == 1)
			view_titles(&out, view, &l);
		else if (i < list.count)
			view_process(&out, view, scene, &l, list.rows[i], list.names[i]);
		mem_must(buf_putc(&out, '\0') == -1);
		lines[y] = buf_steal(&out);
		mem_must(lines[y] == NULL);
	}
	view_list_clear(&list);
	return lines;
}

void
view_lines_free(char **lines, int height)
{
	for (int y = 0; lines != NULL && y < height; y++)
		free(lines[y]);
	free(lines);
}
