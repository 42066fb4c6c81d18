#include "rpcd/http/stream.h"

#include "common/log.h"
#include "rpcd/http/page.h"
#include "rpcd/http/suspend.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(HTTP_STREAM_END == MHD_CONTENT_READER_END_OF_STREAM &&
	HTTP_STREAM_BROKEN == MHD_CONTENT_READER_END_WITH_ERROR,
    "stream_read returns them to libmicrohttpd");

bool
http_stream_open(struct http_stream *s, struct http_connection *client,
    struct http_streams *kind, const struct http_stream_ops *ops, const char *what)
{
	struct http_endpoint *e = client->endpoint;

	if (kind->open >= kind->max) {
		log_limited(&e->share.budget.refused, LEVEL_WARN,
		    "%s: a client may not %s: %zu do", e->name, what, kind->open);
		return false;
	}
	kind->open++;
	*s = (struct http_stream){ .client = client, .kind = kind, .ops = ops };
	return true;
}

/* libmicrohttpd counts the time from the last byte that was sent, and not while the
 * connection is suspended. */
void
http_stream_bound(struct http_stream *s)
{
	int bytes = HTTP_STREAM_SEND_BYTES;

	(void)setsockopt(s->client->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	(void)MHD_set_connection_option(s->client->handle, MHD_CONNECTION_OPTION_TIMEOUT,
	    (unsigned)HTTP_STREAM_SEND_SECONDS);
}

void
http_stream_close(void *stream)
{
	struct http_stream *s = stream;

	if (s->client == NULL)
		return;
	if (s->source != NULL)
		s->ops->free(s->source);
	s->kind->open--;
	*s = (struct http_stream){ 0 };
}

/* Returns to the system what a buffer without content occupies: libmicrohttpd lends nearly
 * all memory of the connection, which would stay with it while nothing happens. */
static void
stream_release(char *buffer, size_t size)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = ((uintptr_t)buffer + page - 1) / page * page;
	uintptr_t end = ((uintptr_t)buffer + size) / page * page;

	if (begin < end)
		(void)madvise((void *)begin, end - begin, MADV_DONTNEED);
}

static ssize_t
stream_read(void *stream, uint64_t pos UNUSED, char *out, size_t max)
{
	struct http_stream *s = stream;
	ssize_t n;

	if (s->client == NULL)
		return HTTP_STREAM_BROKEN;
	if (s->ended)
		return HTTP_STREAM_END;
	n = s->ops->read(s->source, out, max);
	if (n == 0) {
		stream_release(out, max);
		http_suspend(s->client, http_stream_close, s);
	}
	return n;
}

struct MHD_Response *
http_stream_response(struct http_stream *s, const char *type, size_t block)
{
	return http_page_headers(MHD_create_response_from_callback(
				     MHD_SIZE_UNKNOWN, block, stream_read, s, NULL),
	    type);
}

void
http_stream_ready(struct http_stream *s)
{
	if (s->client != NULL && s->client->abandon != NULL)
		http_resume(s->client);
}

void
http_stream_end(struct http_stream *s, bool begun)
{
	s->ended = true;
	if (begun)
		http_stream_ready(s);
}
