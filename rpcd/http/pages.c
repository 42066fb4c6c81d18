/* The pages for browsers, and the files that they use. */
#include "common/clock.h"
#include "common/mem.h"
#include "rpcd/http/page.h"
#include "rpcd/http/request.h"
#include "rpcd/pages/files.h"
#include "rpcd/pages/list.h"
#include "rpcd/pages/token.h"
#include "rpcd/pages/view.h"
#include "rpcd/rendered.h"

#include <stdlib.h>
#include <string.h>

#define HTML "text/html;charset=utf-8"
#define TOKEN_BEGIN "<input type=\"hidden\" name=\"token\" value=\""
#define TOKEN_END "\">"

/* A page is sent in three parts, of which only the token depends on the user. */
struct pages_parts {
	struct shared_buffer *text;
	char token[sizeof(TOKEN_BEGIN) + TOKEN_SIZE + sizeof(TOKEN_END)];
};

static void
pages_parts_free(void *ctx)
{
	struct pages_parts *parts = ctx;

	shared_buffer_unref(parts->text);
	free(parts);
}

static int64_t
pages_now(void)
{
	return clock_wall_ms() / 1000;
}

static void
pages_set_token(struct pages_parts *parts, const struct http_request *r)
{
	const char *user = caller_user(&r->caller);
	char token[TOKEN_SIZE];

	token_make(token, &r->endpoint->rpcd->form_key, r->endpoint->section,
	    user != NULL ? user : "", pages_now());
	(void)stpcpy(stpcpy(stpcpy(parts->token, TOKEN_BEGIN), token), TOKEN_END);
}

/* The answer is the text with a token in its place; takes the reference. */
static void
pages_answer(struct http_request *r, int status, struct shared_buffer *text)
{
	struct pages_parts *parts = xcalloc(1, sizeof(*parts));
	const char *mark = memchr(text->data, *VIEW_TOKEN, text->len);
	struct MHD_IoVec vector[3] = { { text->data, text->len } };
	unsigned count = 1;

	parts->text = text;
	if (mark != NULL) {
		pages_set_token(parts, r);
		vector[0].iov_len = (size_t)(mark - text->data);
		vector[1] = (struct MHD_IoVec){ parts->token, strlen(parts->token) };
		vector[2] =
		    (struct MHD_IoVec){ mark + 1, text->len - vector[0].iov_len - 1 };
		count = 3;
	}
	r->status = status;
	r->answered = (int64_t)(text->len + vector[1].iov_len) - (mark != NULL);
	r->response =
	    MHD_create_response_from_iovec(vector, count, pages_parts_free, parts);
	if (r->response == NULL)
		pages_parts_free(parts);
	r->response = http_page_secure(http_page_headers(r->response, HTML));
}

void
http_pages_file(struct http_request *r)
{
	const struct page_file *file = page_file_find(r->path->path);
	size_t len = strlen(file->text);

	r->status = 200;
	r->answered = (int64_t)len;
	r->response = MHD_create_response_from_buffer(
	    len, (void *)(uintptr_t)file->text, MHD_RESPMEM_PERSISTENT);
	r->response = http_page_secure(http_page_headers(r->response, file->type));
}

/* A parameter of the query, borrowed; "" when there is none. */
static const char *
pages_query(const struct http_request *r, const char *name)
{
	const char *value =
	    MHD_lookup_connection_value(r->client->handle, MHD_GET_ARGUMENT_KIND, name);

	return value != NULL ? value : "";
}

static void
pages_write_list(const struct rpcd *rpcd, const struct grant *grant, int64_t now,
    const struct list_filter *filter, struct buf *out)
{
	struct view view;

	view_init(&view, rpcd->mirror, grant, rpcd->max_role, rpcd->host, now);
	list_write(out, &view, filter);
}

void
http_pages_write_list(void *ctx, const struct grant *grant, int64_t now, struct buf *out)
{
	pages_write_list(ctx, grant, now, &(struct list_filter){ "", "" }, out);
}

/* A reference to the page with a filter, or NULL: the budget does not allow it. */
static struct shared_buffer *
pages_filtered(const struct http_request *r, const struct list_filter *filter)
{
	struct budget *budget = &r->endpoint->share.budget;
	struct buf text;

	if (budget_is_tight(budget))
		return NULL;
	buf_init(&text, 0);
	pages_write_list(r->endpoint->rpcd, r->caller.grant, pages_now(), filter, &text);
	return shared_buffer_new(&text, budget);
}

void
http_pages_list(struct http_request *r)
{
	const struct list_filter filter = {
	    .text = pages_query(r, "q"),
	    .state = pages_query(r, "state"),
	};
	struct shared_buffer *text;

	rpcd_catch_up(r->endpoint->rpcd);
	if (*filter.text != '\0' || *filter.state != '\0')
		text = pages_filtered(r, &filter);
	else if ((text = rendered_get(r->endpoint->list_page, r->caller.grant)) != NULL)
		(void)shared_buffer_ref(text);
	if (text != NULL)
		pages_answer(r, 200, text);
	else
		http_request_fail(r, 503);
}
