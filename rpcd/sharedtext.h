/* Sharedtext: a text that several replies send at the same time; the last one frees it. */
#ifndef RPCD_SHAREDTEXT_H
#define RPCD_SHAREDTEXT_H

#include "common/buf.h"

#include <stddef.h>

struct sharedtext {
	char *data;
	size_t len;
	size_t users;
};

/* New, of one user; takes the content of the buf. */
struct sharedtext *sharedtext_new(struct buf *);
/* One user more; the same text. */
struct sharedtext *sharedtext_use(struct sharedtext *);
/* One user less; NULL is fine. A free function for libmicrohttpd. */
void sharedtext_drop(void *);

#endif
