/* Rendered: a text about processes that is made once and shared by all clients that see the
 * same processes, until a row changes or the second in which it was made has passed. */
#ifndef RPCD_RENDERED_H
#define RPCD_RENDERED_H

#include "common/buf.h"
#include "proto/grant.h"
#include "rpcd/budget.h"
#include "rpcd/rpcd.h"
#include "rpcd/shared_buffer.h"

#include <stdint.h>

#define RENDERED_KEPT_MS 1000 /* a text is freed after this time */
#define RENDERED_GRANTS 8     /* texts that differ by the rights of the caller */

struct rendered;

/* Appends the text for a caller with these rights; now in epoch seconds. */
typedef void rendered_write_fn(
    void *ctx, const struct grant *, int64_t now, struct buf *out);

/* On what the text depends. */
enum rendered_scope {
	RENDERED_BY_PROCESSES,	/* those that the caller sees */
	RENDERED_BY_GRANT,	/* all rights of the caller */
};

/* New; the texts are counted in the budget, which is borrowed. NULL with errno. */
struct rendered *rendered_new(
    struct rpcd *, struct budget *, enum rendered_scope, rendered_write_fn *, void *);
void rendered_free(struct rendered *); /* NULL is fine */
/* The text, borrowed until the next call. NULL: the budget does not allow it. */
struct shared_buffer *rendered_get(struct rendered *, struct grant *);

#endif
