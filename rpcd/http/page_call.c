#include "rpcd/http/page_call.h"

#include "common/mem.h"
#include "rpcd/http/page.h"
#include "rpcd/http/suspend.h"
#include "rpcd/methods/call.h"

#include <stdlib.h>

#define REPLY_MAX (8 * 1024 * 1024) /* bytes that a page reads */

struct page_call {
	struct http_request *request; /* NULL: the client has left */
	struct http_endpoint *endpoint;
	struct call *call; /* NULL: it was answered, or has not begun yet */
	page_call_done_fn *done;
	void *ctx;
	void (*free_ctx)(void *);
	/* A copy, because it must exist as long as the call. */
	struct caller caller;
	struct caller_origin origin;
	char *forwarded; /* owned, or NULL */
};

static void
page_call_free(struct page_call *p)
{
	p->free_ctx(p->ctx);
	caller_clear(&p->caller);
	free(p->forwarded);
	free(p);
}

static void
page_call_copy_caller(struct page_call *p, const struct caller *caller)
{
	p->origin = *caller->origin;
	p->forwarded = caller->forwarded != NULL ? xstrdup(caller->forwarded) : NULL;
	p->caller = *caller;
	p->caller.origin = &p->origin;
	p->caller.forwarded = p->forwarded;
	(void)grant_ref(p->caller.grant);
}

/* Appends the text of the reply, and frees it. */
static void
page_call_read(struct buf *out, struct reply *reply)
{
	struct reply_stream *stream = reply->stream;
	ssize_t n = 1;

	if (stream != NULL) {
		while (n > 0 && buf_len(out) < REPLY_MAX) {
			char *room = buf_reserve(out, HTTP_PAGE_BLOCK);

			mem_must(room == NULL);
			n = stream->read(stream, room, HTTP_PAGE_BLOCK);
			buf_commit(out, n > 0 ? (size_t)n : 0);
		}
		stream->free(stream);
	} else if (reply->shared != NULL) {
		mem_must(buf_append(out, reply->shared->data, reply->shared->len));
		shared_buffer_unref(reply->shared);
	} else {
		mem_must(buf_append(out, buf_data(&reply->body), buf_len(&reply->body)));
	}
	buf_clear(&reply->body);
}

static void
page_call_answer(struct page_call *p, struct reply *reply)
{
	struct http_request *r = p->request;
	json_auto_t *object = NULL;
	struct buf text;

	buf_init(&text, 0);
	page_call_read(&text, reply);
	if (r != NULL) {
		object = json_loadb(buf_data(&text), buf_len(&text), JSON_ALLOW_NUL, NULL);
		if (json_is_array(json_object_get(object, "result")))
			p->done(r, p->ctx, json_object_get(object, "result"));
		else
			http_request_fail(r, reply->status != 200 ? reply->status : 500);
	}
	buf_clear(&text);
}

static void
page_call_on_done(void *ctx, struct reply *reply)
{
	struct page_call *p = ctx;
	struct http_request *r = p->request;
	bool was_parked = p->call != NULL;

	page_call_answer(p, reply);
	if (was_parked)
		p->endpoint->parked--;
	if (r != NULL)
		r->page_call = NULL;
	if (r != NULL && was_parked)
		http_resume(r->client);
	page_call_free(p);
}

void
page_call_abandon(void *request)
{
	struct http_request *r = request;

	if (r->page_call == NULL)
		return;
	r->page_call->request = NULL;
	r->page_call = NULL;
}

void
page_call_begin(struct http_request *r, json_t *calls, page_call_done_fn *done, void *ctx,
    void (*free_ctx)(void *))
{
	struct http_endpoint *e = r->endpoint;
	struct page_call *p = xcalloc(1, sizeof(*p));
	struct call *call;

	p->request = r;
	p->endpoint = e;
	p->done = done;
	p->ctx = ctx;
	p->free_ctx = free_ctx;
	page_call_copy_caller(p, &r->caller);
	r->page_call = p;
	call = call_begin_list(e->rpcd->calls, &e->share, &p->caller, calls,
	    e->parked < HTTP_PARKED_MAX, page_call_on_done, p);
	if (call == NULL)
		return;
	p->call = call;
	e->parked++;
	http_suspend(r->client, page_call_abandon, r);
}
