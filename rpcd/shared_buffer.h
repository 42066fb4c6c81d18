/* Shared buffer: a text that several replies send at the same time. It has a reference
 * count and is counted in the budget as long as it exists. */
#ifndef RPCD_SHARED_BUFFER_H
#define RPCD_SHARED_BUFFER_H

#include "common/buf.h"
#include "rpcd/budget.h"

#include <stddef.h>

struct shared_buffer {
	char *data;
	size_t len;
	size_t users;          /* references */
	struct budget *budget; /* where it is counted, or NULL: it is small */
};

/* New, with one reference; takes the content of the buf, which is not counted yet. */
struct shared_buffer *shared_buffer_new(struct buf *, struct budget *);
/* Adds a reference; returns the same text. */
struct shared_buffer *shared_buffer_ref(struct shared_buffer *);
/* Drops a reference; NULL is allowed. Also a free function for libmicrohttpd. */
void shared_buffer_unref(void *);

#endif
