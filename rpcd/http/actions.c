/* POST /action: what the forms of pages do; and the links of supervisord's page, which only
 * ask. */
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/http/page_answer.h"
#include "rpcd/http/page_call.h"
#include "rpcd/pages/action.h"
#include "rpcd/pages/html.h"
#include "rpcd/pages/message.h"

#include <stdlib.h>

struct actions_work {
	struct action action;
	char *location; /* owned: of the page that is shown next */
};

static void
actions_free(void *ctx)
{
	struct actions_work *work = ctx;

	action_clear(&work->action);
	free(work->location);
	free(work);
}

/* New: the page of the form: that of a log, or the list with its filter. */
static char *
actions_location(const struct form *form, const struct action *action)
{
	static const char *const filters[] = { "q", "state" };
	const char *separator = "?";
	struct buf out;

	buf_init(&out, 0);
	if (str_equal(form_value(form, "page"), "log") && action->count == 1) {
		html_raw(&out, "tail.html?processname=");
		html_url(&out, action->names[0]);
		return html_take(&out);
	}
	html_raw(&out, "./");
	for (size_t i = 0; i < nitems(filters); i++) {
		if (*form_value(form, filters[i]) == '\0')
			continue;
		html_raw(&out, separator);
		html_raw(&out, filters[i]);
		html_raw(&out, "=");
		html_url(&out, form_value(form, filters[i]));
		separator = "&";
	}
	return html_take(&out);
}

static void
actions_message(struct http_request *r, int status, const char *heading, const char *text)
{
	struct view view;
	struct buf out;

	page_answer_view(r, &view);
	buf_init(&out, 0);
	message_write(&out, &view, heading, text, NULL);
	page_answer_text(r, status, &out);
}

static void
actions_refuse(struct http_request *r, enum action_result result)
{
	if (result == ACTION_UNKNOWN)
		actions_message(r, 400, "No such action", NULL);
	else if (result == ACTION_DENIED)
		actions_message(
		    r, 403, "Not permitted", "Your role does not permit this action.");
	else
		actions_message(r, 404, "Nothing to do",
		    "There is no such program, or none to which this applies.");
}

static void
actions_confirm(struct http_request *r, int status, const struct action *action)
{
	struct view view;
	struct buf out;

	page_answer_view(r, &view);
	buf_init(&out, 0);
	message_confirm(&out, &view, action);
	page_answer_text(r, status, &out);
}

/* Asks which of the rare actions is meant. */
static void
actions_choose(struct http_request *r, const struct action *action, const struct form *form)
{
	struct view view;
	struct buf out;

	page_answer_view(r, &view);
	buf_init(&out, 0);
	message_choose(&out, &view, action, form);
	page_answer_text(r, 200, &out);
}

/* ---- forms ---- */

static void
actions_done(struct http_request *r, void *ctx, const json_t *results)
{
	const struct actions_work *work = ctx;
	struct buf list, out;
	struct view view;
	char *items, *markup;

	buf_init(&list, 0);
	action_failures(&list, &work->action, results);
	if (buf_len(&list) == 0) {
		page_answer_redirect(r, work->location);
		return;
	}
	items = html_take(&list);
	markup = xasprintf("<ul>\n%s</ul>", items);
	page_answer_view(r, &view);
	buf_init(&out, 0);
	message_write(&out, &view, "Not everything was done", NULL, markup);
	page_answer_text(r, 200, &out);
	free(markup);
	free(items);
}

static void
actions_answer(struct http_request *r, const struct form *form)
{
	struct actions_work *work = xcalloc(1, sizeof(*work));
	struct action *action = &work->action;
	enum action_result result;
	struct view view;

	page_answer_view(r, &view);
	result = action_read(action, &view, form);
	if (result != ACTION_OK) {
		actions_refuse(r, result);
	} else if (action->what == VIEW_MORE) {
		actions_choose(r, action, form);
	} else if (!page_answer_has_token(r, form_value(form, "token"))) {
		actions_confirm(r, 403, action);
	} else if (action_is_grave(action) && *form_value(form, "confirm") == '\0') {
		actions_confirm(r, 200, action);
	} else {
		work->location = actions_location(form, action);
		page_call_begin(r, action_calls(action), actions_done, work, actions_free);
		return;
	}
	actions_free(work);
}

void
http_actions_answer(struct http_request *r)
{
	struct buf *body = http_connection_take_body(r->client);
	struct form form;

	form_read(&form, buf_data(body), buf_len(body));
	buf_clear(body);
	actions_answer(r, &form);
	form_clear(&form);
}

/* ---- links ---- */

bool
http_actions_link(struct http_request *r)
{
	const char *word = page_answer_query(r, "action");
	struct action action;
	struct view view;
	enum action_result result;

	if (*word == '\0' || str_equal(word, "refresh"))
		return false;
	page_answer_view(r, &view);
	result =
	    action_read_link(&action, &view, word, page_answer_query(r, "processname"));
	if (result != ACTION_OK)
		actions_refuse(r, result);
	else
		actions_confirm(r, 200, &action);
	action_clear(&action);
	return true;
}
