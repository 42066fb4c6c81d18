/* Figures: what the master counts, for the metrics; a request for them also shows that the
 * master answers. Asks the master only when a caller asks, and shares the answer among all
 * callers of a short time. */
#ifndef RPCD_FIGURES_H
#define RPCD_FIGURES_H

#include "rpcd/rpcd.h"

#include <stddef.h>
#include <stdint.h>

#define FIGURES_FRESH_MS 500 /* an answer of this age serves callers */
#define FIGURES_WAIT_MS 2000 /* then the master does not answer */

/* A pool of event listeners. */
struct figures_pool {
	char *name;
	int64_t waiting, dropped; /* events */
};

struct figures_list {
	struct figures_pool *pools;
	size_t count;
	int64_t frontend_restarts;
};

struct figures;

/* Called once: the figures are fresh, or `failure` says why not. It may ask again, but must
 * not wait for an answer at once. */
typedef void figures_fn(void *ctx, const char *failure);

/* New; NULL with errno. */
struct figures *figures_new(struct rpcd *);
void figures_free(struct figures *); /* NULL is fine; callers that wait are not called */
/* Calls fn in this call, if the figures are fresh, or later. */
void figures_ask(struct figures *, figures_fn *, void *ctx);
/* A caller that waits goes away. */
void figures_forget(struct figures *, const void *ctx);
/* The latest ones, borrowed until the next turn of the loop; NULL when the master has not
 * answered the last request in time. */
const struct figures_list *figures_get(const struct figures *);

#endif
