#include "rpcd/pages/log.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/pages/files.h"
#include "rpcd/pages/html.h"
#include "rpcd/pages/template.h"

#include <stdlib.h>
#include <string.h>

#define ESCAPE '\x1b'

bool
log_page_has(const struct process_info *info, const char *stream)
{
	const char *file =
	    str_equal(stream, "stderr") ? info->stderr_logfile : info->stdout_logfile;

	return *file != '\0';
}

/* The length of the escape sequence at the beginning: of colours and the cursor ("ESC [ …
 * letter"), of titles ("ESC ] … BEL"), or ESC and one character. */
static size_t
log_sequence(const char *text)
{
	size_t len;

	if (text[1] == '[')
		len = 2 + strspn(text + 2, "0123456789;:<=>? !\"#$%&'()*+,-./");
	else if (text[1] == ']')
		len = 2 + strcspn(text + 2, "\a\x1b\n");
	else
		len = 1;
	return text[len] != '\0' && text[len] != '\n' ? len + 1 : len;
}

void
log_page_plain(struct buf *out, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\r\x1b");

		html_bytes(out, text, n);
		text += n;
		if (*text == ESCAPE)
			text += log_sequence(text);
		else if (*text == '\r')
			text++;
	}
}

/* New: the parameters that name the log; none for the main log. */
static char *
log_page_query(const struct log_page *page, const char *spec)
{
	struct buf out;

	buf_init(&out, 0);
	if (page->info == NULL)
		return html_take(&out);
	html_raw(&out, "?processname=");
	html_url(&out, spec);
	if (str_equal(page->stream, "stderr"))
		html_raw(&out, "&amp;stream=stderr");
	return html_take(&out);
}

/* New: links to the streams that have a log. */
static char *
log_page_tabs(const struct log_page *page, const char *spec)
{
	static const char *const streams[] = { "stdout", "stderr" };
	struct buf out;

	buf_init(&out, 0);
	for (size_t i = 0; page->info != NULL && i < nitems(streams); i++) {
		bool current = str_equal(page->stream, streams[i]);

		if (!current && !log_page_has(page->info, streams[i]))
			continue;
		html_raw(&out, "<a href=\"tail.html?processname=");
		html_url(&out, spec);
		html_raw(&out, i > 0 ? "&amp;stream=stderr\"" : "\"");
		html_raw(&out, current ? " aria-current=\"page\">" : ">");
		html_raw(&out, streams[i]);
		html_raw(&out, "</a>");
	}
	return html_take(&out);
}

/* New: what the caller may do with the program. */
static char *
log_page_actions(const struct view *view, const struct process_info *info, const char *spec)
{
	struct buf out;

	buf_init(&out, 0);
	if (info == NULL)
		return html_take(&out);
	view_buttons(&out, view, spec, info);
	if (view_may(view, VIEW_SIGNAL))
		view_signal(&out, spec, view_applies(VIEW_SIGNAL, info));
	if (view_may(view, VIEW_CLEAR))
		view_button(&out, VIEW_CLEAR, "Clear logs", spec);
	return html_take(&out);
}

/* New: what the program is doing. */
static char *
log_page_activity(const struct view *view, const struct process_info *info)
{
	struct buf out;

	buf_init(&out, 0);
	if (info != NULL)
		view_activity(&out, view, info);
	return html_take(&out);
}

/* New: the state as a word. */
static char *
log_page_state(const struct process_info *info)
{
	struct buf out;

	buf_init(&out, 0);
	if (info != NULL)
		view_state(&out, process_state_name(info->state));
	return html_take(&out);
}

void
log_page_write(struct buf *out, const struct view *view, const struct log_page *page)
{
	const struct process_info *info = page->info;
	char *spec =
	    info != NULL ? namespec_join(info->group, info->name) : xstrdup("Main log");
	struct buf part, content;

	mem_must(spec == NULL);
	buf_init(&part, 0);
	log_page_plain(&part, page->tail);

	char *tail = html_take(&part), *tabs = log_page_tabs(page, spec);
	char *actions = log_page_actions(view, info, spec), *state = log_page_state(info);
	char *text = log_page_activity(view, info);
	char *query = log_page_query(page, spec);
	const struct template_value values[] = {
		{"name", TEMPLATE_TEXT, spec},
		{"state", TEMPLATE_HTML, state},
		{"text", TEMPLATE_TEXT, text},
		{"tabs", TEMPLATE_HTML, tabs},
		{"query", TEMPLATE_HTML, query},
		{"actions", TEMPLATE_HTML, actions},
		{"stream", TEMPLATE_TEXT, page->stream},
		{"tail", TEMPLATE_HTML, tail},
		{"token", TEMPLATE_HTML, VIEW_TOKEN},
	};

	buf_init(&content, 0);
	template_fill(&content, page_log_html, values, nitems(values));
	view_page(out, view, "log", spec, &content);
	free(query);
	free(text);
	free(state);
	free(actions);
	free(tabs);
	free(tail);
	free(spec);
}
