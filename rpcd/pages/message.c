#include "rpcd/pages/message.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "rpcd/pages/files.h"
#include "rpcd/pages/html.h"
#include "rpcd/pages/template.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void
message_page(struct buf *out, const struct view *view, const char *heading,
    const struct template_value *values, size_t count)
{
	struct buf content;

	buf_init(&content, 0);
	template_fill(&content, page_message_html, values, count);
	view_page(out, view, "message", heading, &content);
}

void
message_write(struct buf *out, const struct view *view, const char *heading,
    const char *text, const char *list)
{
	const struct template_value values[] = {
		{"heading", TEMPLATE_TEXT, heading},
		{"text", TEMPLATE_TEXT, text},
		{"list", TEMPLATE_HTML, list},
	};

	message_page(out, view, heading, values, nitems(values));
}

static void
message_field(struct buf *out, const char *name, const char *value)
{
	html_raw(out, "<input type=\"hidden\"");
	html_attribute(out, "name", name);
	html_attribute(out, "value", value);
	html_raw(out, ">\n");
}

/* New: the fields that repeat the action. */
static char *
message_fields(const struct action *action)
{
	struct buf out;

	buf_init(&out, 0);
	for (size_t i = 0; i < action->count; i++)
		message_field(&out, "name", action->names[i]);
	if (action->what == VIEW_SIGNAL)
		message_field(&out, "signal", action->signal);
	message_field(&out, "confirm", "yes");
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

/* Appends a page with a form. The strings are markup, but for the heading and the text. */
static void
message_form(struct buf *out, const struct view *view, const char *heading,
    const char *text, const char *fields, const char *buttons)
{
	const struct template_value values[] = {
		{"heading", TEMPLATE_TEXT, heading},
		{"text", TEMPLATE_TEXT, text},
		{"fields", TEMPLATE_HTML, fields},
		{"token", TEMPLATE_HTML, VIEW_TOKEN},
		{"buttons", TEMPLATE_HTML, buttons},
	};

	message_page(out, view, heading, values, nitems(values));
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

	message_form(out, view, heading, names, fields, button);
	free(button);
	free(fields);
	free(names);
	free(heading);
	free(verb);
}

void
message_choose(struct buf *out, const struct view *view, const struct action *action,
    const struct form *form)
{
	static const char *const filters[] = { "q", "state" };
	const char *target = strchrnul(form_value(form, "action"), ' ');
	char *heading = action->count == 1 ? xstrdup(action->names[0]) :
					     xasprintf("%zu programs", action->count);
	char *names = action->count > 1 ? message_names(action) : NULL;
	struct buf fields, buttons;

	target += *target == ' ';
	buf_init(&fields, 0);
	for (size_t i = 0; i < nitems(filters); i++)
		message_field(&fields, filters[i], form_value(form, filters[i]));
	buf_init(&buttons, 0);
	if (view_may(view, VIEW_SIGNAL))
		view_signal(&buttons, target, true);
	if (view_may(view, VIEW_CLEAR))
		view_button(&buttons, VIEW_CLEAR, "Clear logs", target);

	char *fields_text = html_take(&fields), *buttons_text = html_take(&buttons);

	message_form(out, view, heading, names, fields_text, buttons_text);
	free(buttons_text);
	free(fields_text);
	free(names);
	free(heading);
}
