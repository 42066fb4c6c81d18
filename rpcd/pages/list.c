#include "rpcd/pages/list.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/pages/files.h"
#include "rpcd/pages/html.h"
#include "rpcd/pages/template.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TROUBLES_SHOWN 5

/* The states, those that need attention first. */
static const enum process_state order[] = {
	PROCESS_FATAL, PROCESS_BACKOFF, PROCESS_UNKNOWN, PROCESS_EXITED, PROCESS_STARTING,
	PROCESS_STOPPING, PROCESS_RUNNING, PROCESS_STOPPED,
};

/* ---- filter ---- */

bool
list_shows(const struct list_filter *filter, const struct process_info *info)
{
	char pid[16], *spec;
	bool fits;

	if (*filter->state != '\0' &&
	    strcmp(filter->state, process_state_name(info->state)) != 0)
		return false;
	if (*filter->text == '\0')
		return true;
	spec = str_equal(info->group, info->name) ?
	    xstrdup(info->name) :
	    xasprintf("%s:%s", info->group, info->name);
	snprintf(pid, sizeof(pid), "%d", (int)info->pid);
	fits = strcasestr(spec, filter->text) != NULL ||
	    strcasestr(info->group, filter->text) != NULL || str_equal(pid, filter->text);
	free(spec);
	return fits;
}

/* ---- a program, a group ---- */

/* Writes the rows of one page. The texts of a row keep their memory for the next one. */
struct list_writer {
	struct buf *out;
	const struct view *view;
	struct buf spec, activity;
};

/* Makes the texts of a program; the NUL of spec is not counted. */
static void
list_prepare(struct list_writer *w, const struct process_info *info)
{
	buf_consume(&w->spec, buf_len(&w->spec));
	buf_consume(&w->activity, buf_len(&w->activity));
	html_raw(&w->spec, info->group);
	if (!str_equal(info->group, info->name)) {
		html_raw(&w->spec, ":");
		html_raw(&w->spec, info->name);
	}
	mem_must(buf_append(&w->spec, "", 1));
	w->spec.len--;
	view_activity(&w->activity, w->view, info);
}

/* The link to the log, if the caller may read it, with a text. */
static void
list_link(const struct list_writer *w, const char *text)
{
	html_raw(w->out, "<a");
	if (view_may(w->view, VIEW_LOG)) {
		html_raw(w->out, " href=\"tail.html?processname=");
		html_url(w->out, buf_data(&w->spec));
		html_raw(w->out, "\"");
	}
	html_raw(w->out, ">");
	html_text(w->out, text);
	html_raw(w->out, "</a>");
}

static void
list_activity(const struct list_writer *w)
{
	html_bytes(w->out, buf_data(&w->activity), buf_len(&w->activity));
}

/* "3d 4:05:06"; nothing when the process does not run. */
static void
list_uptime(struct buf *out, const struct process_info *info, int64_t now)
{
	int64_t s = now > info->start ? now - info->start : 0;

	if (info->pid == 0 || info->start == 0)
		return;
	if (s >= 86400)
		mem_must(buf_printf(out, "%" PRId64 "d ", s / 86400));
	mem_must(buf_printf(
	    out, "%d:%02d:%02d", (int)(s / 3600 % 24), (int)(s / 60 % 60), (int)(s % 60)));
}

static void
list_number(struct buf *out, uint64_t number)
{
	if (number != 0)
		mem_must(buf_printf(out, "%" PRIu64, number));
}

/* The cells are in the order of the heads in list.html. */
static void
list_row(struct list_writer *w, const struct process_info *info)
{
	struct buf *out = w->out;

	list_prepare(w, info);
	mem_must(buf_printf(out, "<tr id=p%" PRIu64 "%s><td>", info->id,
	    view_is_bad(w->view, info) ? " class=bad" : ""));
	view_state(out, process_state_name(info->state));
	html_raw(out, "<th scope=row>");
	list_link(w, info->name);
	html_raw(out, "<td>");
	list_activity(w);
	html_raw(out, "<td>");
	list_number(out, (uint64_t)info->pid);
	html_raw(out, "<td>");
	list_uptime(out, info, w->view->now);
	html_raw(out, "<td><td><td>");
	list_number(out, info->restarts);
	html_raw(out, "<td>");
	view_buttons(out, w->view, buf_data(&w->spec), info);
	html_raw(out, "\n");
}

static void
list_group(const struct list_writer *w, const char *group, size_t count)
{
	char *target = xasprintf("%s:*", group);

	html_raw(w->out, "<tr class=group-head><th scope=rowgroup colspan=8>");
	html_text(w->out, group);
	mem_must(buf_printf(w->out, " <span class=count>%zu</span><td>", count));
	view_buttons(w->out, w->view, target, NULL);
	html_raw(w->out, "\n");
	free(target);
}

/* Writes the programs of one group, which are those from the i-th to the end. A program
 * alone in the group of its name has no heading. */
static void
list_members(struct list_writer *w, const struct list_filter *filter, size_t i, size_t end)
{
	const struct process_info *const *rows = w->view->mirror->rows;
	bool alone, begun = false;
	size_t count = 0;

	for (size_t k = i; k < end; k++)
		count += view_sees(w->view, rows[k]);
	alone = count == 1 && str_equal(rows[i]->group, rows[i]->name);
	for (size_t k = i; k < end; k++) {
		if (!view_sees(w->view, rows[k]) || !list_shows(filter, rows[k]))
			continue;
		if (!begun) {
			html_raw(w->out, alone ? "<tbody" : "<tbody class=group");
			html_attribute(w->out, "data-group", rows[k]->group);
			html_raw(w->out, ">\n");
			if (!alone)
				list_group(w, rows[k]->group, count);
		}
		begun = true;
		list_row(w, rows[k]);
	}
}

static void
list_writer_init(struct list_writer *w, struct buf *out, const struct view *view)
{
	*w = (struct list_writer){ .out = out, .view = view };
	buf_init(&w->spec, 0);
	buf_init(&w->activity, 0);
}

static void
list_writer_clear(struct list_writer *w)
{
	buf_clear(&w->spec);
	buf_clear(&w->activity);
}

/* New: the rows of the table. */
static char *
list_rows(const struct view *view, const struct list_filter *filter)
{
	const struct mirror *mirror = view->mirror;
	struct list_writer w;
	struct buf out;
	size_t end;

	buf_init(&out, 0);
	list_writer_init(&w, &out, view);
	for (size_t i = 0; i < mirror->count; i = end) {
		for (end = i + 1; end < mirror->count &&
		     str_equal(mirror->rows[end]->group, mirror->rows[i]->group);)
			end++;
		list_members(&w, filter, i, end);
	}
	list_writer_clear(&w);
	return html_take(&out);
}

/* ---- above the table ---- */

struct list_counts {
	size_t all, shown, bad;
	size_t states[nitems(order)];
};

static void
list_count(
    struct list_counts *counts, const struct view *view, const struct list_filter *filter)
{
	const struct mirror *mirror = view->mirror;

	*counts = (struct list_counts){ 0 };
	for (size_t i = 0; i < mirror->count; i++) {
		const struct process_info *info = mirror->rows[i];

		if (!view_sees(view, info))
			continue;
		counts->all++;
		counts->shown += list_shows(filter, info);
		counts->bad += view_is_bad(view, info);
		for (size_t k = 0; k < nitems(order); k++)
			counts->states[k] += info->state == order[k];
	}
}

static void
list_trouble_item(struct list_writer *w, const struct process_info *info)
{
	list_prepare(w, info);
	html_raw(w->out, "<li><span>");
	view_state(w->out, process_state_name(info->state));
	html_raw(w->out, "</span> ");
	list_link(w, buf_data(&w->spec));
	html_raw(w->out, " <span>");
	list_activity(w);
	html_raw(w->out, "</span></li>\n");
}

/* New: the programs that need attention, and why; bad is their number. */
static char *
list_trouble(const struct view *view, size_t bad)
{
	const struct mirror *mirror = view->mirror;
	size_t shown = 0;
	struct list_writer w;
	struct buf out;

	if (bad == 0)
		return xstrdup("");
	buf_init(&out, 0);
	list_writer_init(&w, &out, view);
	if (bad == 1)
		html_raw(&out, "<h2>One program is in trouble</h2><ul>\n");
	else
		mem_must(
		    buf_printf(&out, "<h2>%zu programs are in trouble</h2><ul>\n", bad));
	for (size_t i = 0; i < mirror->count && shown < TROUBLES_SHOWN; i++)
		if (view_is_bad(view, mirror->rows[i]) &&
		    view_sees(view, mirror->rows[i])) {
			list_trouble_item(&w, mirror->rows[i]);
			shown++;
		}
	if (bad > shown)
		mem_must(buf_printf(
		    &out, "<li class=\"more\">and %zu more</li>\n", bad - shown));
	html_raw(&out, "</ul>");
	list_writer_clear(&w);
	return html_take(&out);
}

/* A link that shows the programs of one state, "" = all. */
static void
list_chip(
    struct buf *out, const struct list_filter *filter, const char *state, size_t count)
{
	html_raw(out, "<a href=\"?");
	if (*filter->text != '\0') {
		html_raw(out, "q=");
		html_url(out, filter->text);
		html_raw(out, *state != '\0' ? "&amp;" : "");
	}
	if (*state != '\0') {
		html_raw(out, "state=");
		html_url(out, state);
	}
	html_raw(out, "\"");
	html_attribute(out, "data-filter", state);
	if (str_equal(state, filter->state))
		html_raw(out, " aria-current=\"true\"");
	html_raw(out, ">");
	if (*state != '\0')
		view_state(out, state);
	else
		html_raw(out, "All");
	mem_must(buf_printf(out, " %zu</a>\n", count));
}

/* New: the counts by state. */
static char *
list_chips(const struct list_filter *filter, const struct list_counts *counts)
{
	struct buf out;

	buf_init(&out, 0);
	list_chip(&out, filter, "", counts->all);
	for (size_t i = 0; i < nitems(order); i++)
		if (counts->states[i] > 0 ||
		    str_equal(filter->state, process_state_name(order[i])))
			list_chip(
			    &out, filter, process_state_name(order[i]), counts->states[i]);
	return html_take(&out);
}

/* New: the buttons for all programs that are shown, "Start all". */
static char *
list_bulk(const struct view *view, const struct list_counts *counts)
{
	static const char *const labels[] = { "Start", "Restart", "Stop" };
	bool all = counts->shown == counts->all;
	struct buf out;

	buf_init(&out, 0);
	for (size_t i = 0; counts->shown > 0 && i < nitems(labels); i++) {
		char *label = xasprintf("%s %s", labels[i], all ? "all" : "these");

		if (view_may(view, (enum view_right)i))
			view_button(&out, (enum view_right)i, label, VIEW_SHOWN);
		free(label);
	}
	if (counts->shown > 0 && view_may(view, VIEW_MORE))
		view_button(&out, VIEW_MORE, VIEW_MORE_LABEL, VIEW_SHOWN);
	return html_take(&out);
}

/* ---- page ---- */

/* What is shown in place of an empty table. */
static const char *
list_note(const struct list_counts *counts)
{
	if (counts->all == 0)
		return "<div class=\"empty\" id=\"empty\"><strong>No programs yet</strong>"
		       "Add a section <code>[program:NAME]</code> to the configuration "
		       "file, then run <code>reevectl update</code>.</div>";
	if (counts->shown == 0)
		return "<div class=\"empty\" id=\"empty\"><strong>No program matches this "
		       "filter</strong><a href=\".\">Show all programs</a></div>";
	return "<div class=\"empty\" id=\"empty\" hidden></div>";
}

void
list_write(struct buf *out, const struct view *view, const struct list_filter *filter)
{
	struct list_counts counts;
	struct buf content;

	list_count(&counts, view, filter);

	char *trouble = list_trouble(view, counts.bad);
	char *chips = list_chips(filter, &counts), *rows = list_rows(view, filter);
	char *bulk = list_bulk(view, &counts);
	char *title = xasprintf("%s - %s", view->mirror->daemon.identifier, view->host);
	const struct template_value values[] = {
		{"q", TEMPLATE_TEXT, filter->text},
		{"state", TEMPLATE_TEXT, filter->state},
		{"trouble", TEMPLATE_HTML, trouble},
		{"chips", TEMPLATE_HTML, chips},
		{"bulk", TEMPLATE_HTML, bulk},
		{"bare", TEMPLATE_TEXT, counts.shown == 0 ? "bare" : NULL},
		{"rows", TEMPLATE_HTML, rows},
		{"empty", TEMPLATE_HTML, list_note(&counts)},
		{"token", TEMPLATE_HTML, VIEW_TOKEN},
	};

	buf_init(&content, 0);
	template_fill(&content, page_list_html, values, nitems(values));
	view_page(out, view, "list", title, &content);
	free(title);
	free(bulk);
	free(rows);
	free(chips);
	free(trouble);
}
