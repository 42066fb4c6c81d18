/* Stream: an answer whose bytes come while it is sent and whose end is not known, as those
 * of a log. Its connection is suspended while there is nothing to send. Each listener has a
 * bounded number of streams. */
#ifndef RPCD_HTTP_STREAM_H
#define RPCD_HTTP_STREAM_H

#include "rpcd/http/connection.h"

#define HTTP_STREAM_END (-1)
#define HTTP_STREAM_BROKEN (-2)

struct http_stream_ops {
	/* At most max bytes: how many, 0 = none for now (until http_resume),
	 * HTTP_STREAM_END, or HTTP_STREAM_BROKEN. */
	ssize_t (*read)(void *source, char *out, size_t max);
	void (*free)(void *source);
};

/* A part of its request. */
struct http_stream {
	struct http_connection *client; /* NULL while it is not open */
	const struct http_stream_ops *ops;
	void *source;
};

/* One more of the listener's streams; the source is set later. False: there are too many,
 * which is logged: "a client may not WHAT". */
NODISCARD bool http_stream_open(struct http_stream *, struct http_connection *,
    const struct http_stream_ops *, const char *what);
/* New: the answer, whose content type this is; NULL without memory. */
struct MHD_Response *http_stream_response(struct http_stream *, const char *type);
/* Frees the source, if there is one; also for http_suspend. */
void http_stream_close(void *stream);

#endif
