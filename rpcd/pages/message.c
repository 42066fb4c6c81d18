#include "rpcd/pages/message.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "rpcd/pages/files.h"
#include "rpcd/pages/html.h"
#include "rpcd/pages/template.h"

#include <ctype.h>
#include <stdlib.h>

void
message_write(struct buf *out, const struct view *view, const char *heading,
    const char *text, const char *list)
{
	const struct template_value values[] = {
		{"heading", TEMPLATE_TEXT, heading},
		{"text", TEMPLATE_TEXT, text},
		{"list", TEMPLATE_HTML, list},
	};
	struct buf content;

	buf_init(&content, 0);
	template_fill(&content, page_message_html, values, nitems(values));
	view_page(out, view, "message", heading, &content);
}

/* New: the fields that repeat the action. */
static char *
message_fields(const struct action *action)
{
	struct buf out;

	buf_init(&out, 0);
	for (size_t i = 0; i < action->count; i++) {
		html_raw(&out, "<input type=\"hidden\" name=\"name\"");
		html_attribute(&out, "value", action->names[i]);
		html_raw(&out, ">\n");
	}
	if (action->what == VIEW_SIGNAL) {
		html_raw(&out, "<input type=\"hidden\" name=\"signal\"");
		html_attribute(&out, "value", action->signal);
		html_raw(&out, ">\n");
	}
	html_raw(&out, "<input type=\"hidden\" name=\"confirm\" value=\"yes\">");
	return html_take(&out);
}

/* New: the names, with commas. */
static char *
message_names(const struct action *action)
{
	struct buf out;

	buf_init(&out, 0);
	for (size_t i = 0; i < action->count; i++) {
		html_raw(&out, i > 0 ? ", " : "");
		html_raw(&out, action->names[i]);
	}
	return html_take(&out);
}

void
message_confirm(struct buf *out, const struct view *view, const struct action *action)
{
	const char *word = view_word(action->what);
	char *verb = xasprintf("%c%s", toupper((unsigned char)*word), word + 1);
	char *heading = action->count == 1 ?
	    xasprintf("%s %s?", verb, action->names[0]) :
	    xasprintf("%s %zu programs?", verb, action->count);
	char *names = action->count > 1 ? message_names(action) : NULL;
	char *fields = message_fields(action);
	char *button =
	    xasprintf("<button class=\"strong danger\" name=\"action\" value=\"%s\">%s"
		      "</button>",
		word, verb);
	const struct template_value values[] = {
		{"heading", TEMPLATE_TEXT, heading},
		{"text", TEMPLATE_TEXT, names},
		{"fields", TEMPLATE_HTML, fields},
		{"token", TEMPLATE_HTML, VIEW_TOKEN},
		{"button", TEMPLATE_HTML, button},
	};
	struct buf content;

	buf_init(&content, 0);
	template_fill(&content, page_message_html, values, nitems(values));
	view_page(out, view, "message", heading, &content);
	free(button);
	free(fields);
	free(names);
	free(heading);
	free(verb);
}
