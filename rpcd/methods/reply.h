/* Reply: what answers one HTTP request, a text or a status. */
#ifndef RPCD_METHODS_REPLY_H
#define RPCD_METHODS_REPLY_H

#include "common/buf.h"
#include "rpcd/shared_buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A text made while it is sent (long logs): a part of its maker. */
struct reply_stream {
	/* At most `max` bytes: how many, 0 at the end, -1 on an error that must cut the
	 * connection. */
	ssize_t (*read)(struct reply_stream *, char *out, size_t max);
	void (*free)(void *stream);
};

struct reply {
	int status;      /* 200, or an HTTP error whose page http/page.c makes */
	struct buf body; /* the whole text, when there is none of the others */
	struct shared_buffer *shared; /* owned use, or NULL */
	struct reply_stream *stream;  /* owned, or NULL */
	size_t counted;               /* bytes that it has in the budget until it is sent */
	bool ends_daemon;             /* nothing is stopped before calls_answered */
};

#endif
