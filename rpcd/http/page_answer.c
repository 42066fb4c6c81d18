#include "rpcd/http/page_answer.h"

#include "common/clock.h"
#include "common/mem.h"
#include "rpcd/http/page.h"
#include "rpcd/pages/token.h"

#include <stdlib.h>
#include <string.h>

#define HTML "text/html;charset=utf-8"
#define TOKEN_BEGIN "<input type=\"hidden\" name=\"token\" value=\""
#define TOKEN_END "\">"

/* A page is sent in three parts, of which only the token depends on the user. */
struct page_parts {
	struct shared_buffer *text;
	char token[sizeof(TOKEN_BEGIN) + TOKEN_SIZE + sizeof(TOKEN_END)];
};

static void
page_parts_free(void *ctx)
{
	struct page_parts *parts = ctx;

	shared_buffer_unref(parts->text);
	free(parts);
}

static int64_t
page_answer_now(void)
{
	return clock_wall_ms() / 1000;
}

static const char *
page_answer_user(const struct http_request *r)
{
	const char *user = caller_user(&r->caller);

	return user != NULL ? user : "";
}

static void
page_answer_set_token(struct page_parts *parts, const struct http_request *r)
{
	char token[TOKEN_SIZE];

	token_make(token, &r->endpoint->rpcd->form_key, r->endpoint->section,
	    page_answer_user(r), page_answer_now());
	(void)stpcpy(stpcpy(stpcpy(parts->token, TOKEN_BEGIN), token), TOKEN_END);
}

void
page_answer_shared(struct http_request *r, int status, struct shared_buffer *text)
{
	struct page_parts *parts = xcalloc(1, sizeof(*parts));
	const char *mark = memchr(text->data, *VIEW_TOKEN, text->len);
	struct MHD_IoVec vector[3] = { { text->data, text->len } };
	unsigned count = 1;

	parts->text = text;
	if (mark != NULL) {
		page_answer_set_token(parts, r);
		vector[0].iov_len = (size_t)(mark - text->data);
		vector[1] = (struct MHD_IoVec){ parts->token, strlen(parts->token) };
		vector[2] =
		    (struct MHD_IoVec){ mark + 1, text->len - vector[0].iov_len - 1 };
		count = 3;
	}
	r->status = status;
	r->answered = (int64_t)(text->len + vector[1].iov_len) - (mark != NULL);
	r->response = MHD_create_response_from_iovec(vector, count, page_parts_free, parts);
	if (r->response == NULL)
		page_parts_free(parts);
	r->response = http_page_secure(http_page_headers(r->response, HTML));
}

void
page_answer_text(struct http_request *r, int status, struct buf *text)
{
	page_answer_shared(r, status, shared_buffer_new(text, &r->endpoint->share.budget));
}

void
page_answer_redirect(struct http_request *r, const char *location)
{
	static char empty[] = "";

	r->status = MHD_HTTP_SEE_OTHER;
	r->answered = 0;
	r->response = http_page_secure(http_page_headers(
	    MHD_create_response_from_buffer(0, empty, MHD_RESPMEM_PERSISTENT), HTML));
	r->response = http_page_header(r->response, MHD_HTTP_HEADER_LOCATION, location);
}

void
page_answer_view(struct http_request *r, struct view *view)
{
	struct rpcd *rpcd = r->endpoint->rpcd;

	rpcd_catch_up(rpcd);
	view_init(view, rpcd->mirror, r->caller.grant, r->caller.ceiling, rpcd->host,
	    page_answer_now());
}

bool
page_answer_has_token(const struct http_request *r, const char *token)
{
	return token_check(token, &r->endpoint->rpcd->form_key, r->endpoint->section,
	    page_answer_user(r), page_answer_now());
}

const char *
page_answer_query(const struct http_request *r, const char *name)
{
	const char *value =
	    MHD_lookup_connection_value(r->client->handle, MHD_GET_ARGUMENT_KIND, name);

	return value != NULL ? value : "";
}
