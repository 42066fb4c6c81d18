#include "rpcd/http/stream.h"

#include "common/log.h"
#include "rpcd/http/page.h"
#include "rpcd/http/suspend.h"

_Static_assert(HTTP_STREAM_END == MHD_CONTENT_READER_END_OF_STREAM &&
	HTTP_STREAM_BROKEN == MHD_CONTENT_READER_END_WITH_ERROR,
    "stream_read returns them to libmicrohttpd");

bool
http_stream_open(struct http_stream *s, struct http_connection *client,
    const struct http_stream_ops *ops, const char *what)
{
	struct http_endpoint *e = client->endpoint;

	if (e->streams >= e->max_streams) {
		log_limited(&e->share.budget.refused, LEVEL_WARN,
		    "%s: a client may not %s: %zu do", e->name, what, e->streams);
		return false;
	}
	e->streams++;
	*s = (struct http_stream){ .client = client, .ops = ops };
	return true;
}

void
http_stream_close(void *stream)
{
	struct http_stream *s = stream;

	if (s->client == NULL)
		return;
	if (s->source != NULL)
		s->ops->free(s->source);
	s->client->endpoint->streams--;
	*s = (struct http_stream){ 0 };
}

static ssize_t
stream_read(void *stream, uint64_t pos UNUSED, char *out, size_t max)
{
	struct http_stream *s = stream;
	ssize_t n;

	if (s->client == NULL)
		return HTTP_STREAM_BROKEN;
	n = s->ops->read(s->source, out, max);
	if (n == 0)
		http_suspend(s->client, http_stream_close, s);
	return n;
}

struct MHD_Response *
http_stream_response(struct http_stream *s, const char *type)
{
	return http_page_headers(MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
				     HTTP_PAGE_BLOCK, stream_read, s, NULL),
	    type);
}
