/* Stream: an answer without a known end, such as a log that grows. Its connection is
 * suspended while there is nothing to send. Each listener has a bounded number of streams
 * of each kind. */
#ifndef RPCD_HTTP_STREAM_H
#define RPCD_HTTP_STREAM_H

#include "rpcd/http/connection.h"

#define HTTP_STREAM_END (-1)
#define HTTP_STREAM_BROKEN (-2)
/* Of a stream that is bounded: time in which a client must take something, and bytes that
 * the kernel keeps for it (which it doubles). */
#define HTTP_STREAM_SEND_SECONDS 10
#define HTTP_STREAM_SEND_BYTES (16 * 1024)

struct http_stream_ops {
	/* Writes at most max bytes. Their number; 0 = none until http_stream_ready is
	 * called; HTTP_STREAM_END; HTTP_STREAM_BROKEN. */
	ssize_t (*read)(void *source, char *out, size_t max);
	void (*free)(void *source);
};

/* Embedded in its request. */
struct http_stream {
	struct http_connection *client; /* NULL while it is not open */
	struct http_streams *kind;
	const struct http_stream_ops *ops;
	void *source;
	bool ended; /* nothing more is read */
};

/* Opens a stream of a kind of the listener; the caller sets its source. False: there are
 * too many, which is logged: "a client may not WHAT". */
NODISCARD bool http_stream_open(struct http_stream *, struct http_connection *,
    struct http_streams *, const struct http_stream_ops *, const char *what);
/* The client loses the connection when it takes nothing for a while, and the kernel keeps
 * little for it. For streams that stay open for hours. */
void http_stream_bound(struct http_stream *);
/* New: the response with this content type, or NULL with ENOMEM. `block`: the bytes that
 * are made at once. */
struct MHD_Response *http_stream_response(
    struct http_stream *, const char *type, size_t block);
/* There is something to read; also for a stream that is not suspended. */
void http_stream_ready(struct http_stream *);
/* Ends the answer without an error, before anything more is read; begun: the answer has
 * begun. */
void http_stream_end(struct http_stream *, bool begun);
/* Frees the source, if there is one. Also a callback for http_suspend. */
void http_stream_close(void *stream);

#endif
