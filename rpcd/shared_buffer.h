/* Sharedtext: a text that several replies send at the same time; the last one frees it.
 * As long as it lives it is in the account of what is held. */
#ifndef RPCD_SHARED_BUFFER_H
#define RPCD_SHARED_BUFFER_H

#include "common/buf.h"
#include "rpcd/budget.h"

#include <stddef.h>

struct sharedtext {
	char *data;
	size_t len;
	size_t users;
	struct held *held;	/* the account, or NULL: it is small */
};

/* New, of one user; takes the content of the buf, which is in no account yet. */
struct sharedtext *sharedtext_new(struct buf *, struct held *);
/* One user more; the same text. */
struct sharedtext *sharedtext_use(struct sharedtext *);
/* One user less; NULL is fine. A free function for libmicrohttpd. */
void sharedtext_drop(void *);

#endif
