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
	spec = namespec_join(info->group, info->name);
	mem_must(spec == NULL);
	snprintf(pid, sizeof(pid), "%d", (int)info->pid);
	fits = strcasestr(spec, filter->text) != NULL ||
	    strcasestr(info->group, filter->text) != NULL || str_equal(pid, filter->text);
	free(spec);
	return fits;
}

/* ---- a program, a group ---- */

/* Appends the attribute with the address of the log, if the caller may read it. */
static void
list_link(struct buf *out, const struct view *view, const char *spec)
{
	if (!view_may(view, VIEW_LOG))
		return;
	html_raw(out, " href=\"tail.html?processname=");
	html_url(out, spec);
	html_raw(out, "\"");
}

/* "3d 4:05:06"; "" when the process does not run. */
static void
list_uptime(char *out, size_t size, const struct process_info *info, int64_t now)
{
	int64_t s = now > info->start ? now - info->start : 0;
	char days[24] = "";

	*out = '\0';
	if (info->pid == 0 || info->start == 0)
		return;
	if (s >= 86400)
		snprintf(days, sizeof(days), "%" PRId64 "d ", s / 86400);
	snprintf(out, size, "%s%d:%02d:%02d", days, (int)(s / 3600 % 24),
	    (int)(s / 60 % 60), (int)(s % 60));
}

static void
list_row(struct buf *out, const struct view *view, const struct process_info *info)
{
	char *spec = namespec_join(info->group, info->name);
	char pid[16] = "", restarts[24] = "", uptime[48];
	struct buf link;

	mem_must(spec == NULL);
	buf_init(&link, 0);
	list_link(&link, view, spec);
	if (info->pid != 0)
		snprintf(pid, sizeof(pid), "%d", (int)info->pid);
	if (info->restarts != 0)
		snprintf(restarts, sizeof(restarts), "%" PRIu64, info->restarts);
	list_uptime(uptime, sizeof(uptime), info, view->now);

	char *href = html_take(&link), *text = view_activity(view, info);
	char *actions = view_buttons(view, spec, info);
	const struct template_value values[] = {
		{"class", TEMPLATE_TEXT, view_is_bad(view, info) ? "bad" : NULL},
		{"state", TEMPLATE_TEXT, process_state_name(info->state)},
		{"href", TEMPLATE_HTML, href},
		{"name", TEMPLATE_TEXT, info->name},
		{"text", TEMPLATE_TEXT, text},
		{"pid", TEMPLATE_TEXT, pid},
		{"uptime", TEMPLATE_TEXT, uptime},
		{"restarts", TEMPLATE_TEXT, restarts},
		{"actions", TEMPLATE_HTML, actions},
	};

	template_fill(out, page_row_html, values, nitems(values));
	free(href);
	free(text);
	free(actions);
	free(spec);
}

static void
list_group(struct buf *out, const struct view *view, const char *group, size_t count)
{
	char *target = xasprintf("%s:*", group), number[24];
	char *actions = view_buttons(view, target, NULL);
	const struct template_value values[] = {
		{"group", TEMPLATE_TEXT, group},
		{"count", TEMPLATE_TEXT, number},
		{"actions", TEMPLATE_HTML, actions},
	};

	snprintf(number, sizeof(number), "%zu", count);
	template_fill(out, page_group_html, values, nitems(values));
	free(actions);
	free(target);
}

/* Appends the programs of one group, which are those from the i-th to the end. A program
 * alone in the group of its name has no heading. */
static void
list_members(struct buf *out, const struct view *view, const struct list_filter *filter,
    size_t i, size_t end)
{
	const struct process_info *const *rows = view->mirror->rows;
	size_t count = 0;
	bool begun = false;

	for (size_t k = i; k < end; k++)
		count += view_sees(view, rows[k]);
	for (size_t k = i; k < end; k++) {
		if (!view_sees(view, rows[k]) || !list_shows(filter, rows[k]))
			continue;
		if (begun)
			;
		else if (count == 1 && str_equal(rows[k]->group, rows[k]->name))
			html_raw(out, "<tbody>\n");
		else
			list_group(out, view, rows[k]->group, count);
		begun = true;
		list_row(out, view, rows[k]);
	}
	if (begun)
		html_raw(out, "</tbody>\n");
}

/* New: the rows of the table. */
static char *
list_rows(const struct view *view, const struct list_filter *filter)
{
	const struct mirror *mirror = view->mirror;
	struct buf out;
	size_t end;

	buf_init(&out, 0);
	for (size_t i = 0; i < mirror->count; i = end) {
		for (end = i + 1; end < mirror->count &&
		     str_equal(mirror->rows[end]->group, mirror->rows[i]->group);)
			end++;
		list_members(&out, view, filter, i, end);
	}
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
list_trouble_item(struct buf *out, const struct view *view, const struct process_info *info)
{
	char *spec = namespec_join(info->group, info->name);
	char *text = view_activity(view, info);

	mem_must(spec == NULL);
	html_raw(out, "<li><span>");
	view_state(out, process_state_name(info->state));
	html_raw(out, "</span> <a");
	list_link(out, view, spec);
	html_raw(out, ">");
	html_text(out, spec);
	html_raw(out, "</a> <span>");
	html_text(out, text);
	html_raw(out, "</span></li>\n");
	free(spec);
	free(text);
}

/* New: the programs that need attention, and why; bad is their number. */
static char *
list_trouble(const struct view *view, size_t bad)
{
	const struct mirror *mirror = view->mirror;
	size_t shown = 0;
	struct buf out;

	if (bad == 0)
		return xstrdup("");
	buf_init(&out, 0);
	if (bad == 1)
		html_raw(&out, "<h2>One program is in trouble</h2><ul>\n");
	else
		mem_must(
		    buf_printf(&out, "<h2>%zu programs are in trouble</h2><ul>\n", bad));
	for (size_t i = 0; i < mirror->count && shown < TROUBLES_SHOWN; i++)
		if (view_is_bad(view, mirror->rows[i]) &&
		    view_sees(view, mirror->rows[i])) {
			list_trouble_item(&out, view, mirror->rows[i]);
			shown++;
		}
	if (bad > shown)
		mem_must(buf_printf(
		    &out, "<li class=\"more\">and %zu more</li>\n", bad - shown));
	html_raw(&out, "</ul>");
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
	char *bulk = counts.shown > 0 ? view_buttons(view, "*", NULL) : NULL;
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
