/* The page of all programs, and the files that pages use. */
#include "common/clock.h"
#include "common/str.h"
#include "rpcd/http/page.h"
#include "rpcd/http/page_answer.h"
#include "rpcd/pages/files.h"
#include "rpcd/pages/list.h"
#include "rpcd/rendered.h"

#include <string.h>

void
http_pages_file(struct http_request *r)
{
	const struct page_file *file = page_file_find(r->path->path);
	size_t len = strlen(file->text);
	struct MHD_Response *response;

	response = MHD_create_response_from_buffer(
	    len, (void *)(uintptr_t)file->text, MHD_RESPMEM_PERSISTENT);
	response = http_page_headers(response, file->type);
	r->status = 200;
	r->answered = (int64_t)len;
	r->response = str_equal(page_answer_query(r, "v"), page_version) ?
	    http_page_secure_kept(response) :
	    http_page_secure(response);
}

/* For programs that ask whether supervisord's pages are there. */
void
http_pages_ok(struct http_request *r)
{
	static char text[] = "OK";

	r->status = 200;
	r->answered = sizeof(text) - 1;
	r->response =
	    MHD_create_response_from_buffer(sizeof(text) - 1, text, MHD_RESPMEM_PERSISTENT);
	r->response = http_page_secure(http_page_headers(r->response, "text/plain"));
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
	pages_write_list(
	    r->endpoint->rpcd, r->caller.grant, clock_wall_ms() / 1000, filter, &text);
	return shared_buffer_new(&text, budget);
}

void
http_pages_list(struct http_request *r)
{
	const struct list_filter filter = {
	    .text = page_answer_query(r, "q"),
	    .state = page_answer_query(r, "state"),
	};
	struct shared_buffer *text;

	if (http_actions_link(r))
		return;
	rpcd_catch_up(r->endpoint->rpcd);
	if (*filter.text != '\0' || *filter.state != '\0')
		text = pages_filtered(r, &filter);
	else if ((text = rendered_get(r->endpoint->list_page, r->caller.grant)) != NULL)
		(void)shared_buffer_ref(text);
	if (text != NULL)
		page_answer_shared(r, 200, text);
	else
		http_request_fail(r, 503);
}
