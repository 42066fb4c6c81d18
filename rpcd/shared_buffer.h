/* Shared buffer: a text that several replies send at the same time; the last one frees it.
 * As long as it lives it is in the budget. */
#ifndef RPCD_SHARED_BUFFER_H
#define RPCD_SHARED_BUFFER_H

#include "common/buf.h"
#include "rpcd/budget.h"

#include <stddef.h>

struct shared_buffer {
	char *data;
	size_t len;
	size_t users;
	struct budget *budget; /* the account, or NULL: it is small */
};

/* New, of one user; takes the content of the buf, which is in no account yet. */
struct shared_buffer *shared_buffer_new(struct buf *, struct budget *);
/* One user more; the same text. */
struct shared_buffer *shared_buffer_ref(struct shared_buffer *);
/* One user less; NULL is fine. A free function for libmicrohttpd. */
void shared_buffer_unref(void *);

#endif
