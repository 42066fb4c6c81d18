/* Stream: an answer without a known end, such as a log that grows. Its connection is
 * suspended while there is nothing to send. Each listener has a bounded number of
 * streams. */
#ifndef RPCD_HTTP_STREAM_H
#define RPCD_HTTP_STREAM_H

#include "rpcd/http/connection.h"

#define HTTP_STREAM_END (-1)
#define HTTP_STREAM_BROKEN (-2)

struct http_stream_ops {
	/* Writes at most max bytes. Their number; 0 = none until http_resume is called;
	 * HTTP_STREAM_END; HTTP_STREAM_BROKEN. */
	ssize_t (*read)(void *source, char *out, size_t max);
	void (*free)(void *source);
};

/* Embedded in its request. */
struct http_stream {
	struct http_connection *client; /* NULL while it is not open */
	const struct http_stream_ops *ops;
	void *source;
};

/* Opens a stream, whose source the caller sets. False: the listener has too many, which is
 * logged: "a client may not WHAT". */
NODISCARD bool http_stream_open(struct http_stream *, struct http_connection *,
    const struct http_stream_ops *, const char *what);
/* New: the response with this content type, or NULL with ENOMEM. */
struct MHD_Response *http_stream_response(struct http_stream *, const char *type);
/* Frees the source, if there is one. Also a callback for http_suspend. */
void http_stream_close(void *stream);

#endif
