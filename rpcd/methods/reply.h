/* Reply: the answer to one HTTP request: a text or a status. */
#ifndef RPCD_METHODS_REPLY_H
#define RPCD_METHODS_REPLY_H

#include "common/buf.h"
#include "rpcd/shared_buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A text that is made while it is sent (long logs). Embedded in the struct that makes
 * it. */
struct reply_stream {
	/* Writes at most `max` bytes to `out`. Their number, 0 at the end, or -1 on an
	 * error, after which the connection must be closed. */
	ssize_t (*read)(struct reply_stream *, char *out, size_t max);
	void (*free)(void *stream);
};

struct reply {
	int status;       /* 200, or an HTTP error, for which http/page.c makes the page */
	const char *type; /* Content-Type of the text, static */
	struct buf body;  /* the whole text, unless one of the next two is set */
	struct shared_buffer *shared; /* the whole text, owned reference, or NULL */
	struct reply_stream *stream;  /* owned, or NULL */
	size_t counted;               /* bytes counted in the budget until it is sent */
	bool ends_daemon;             /* the daemon ends after calls_answered */
};

#endif
