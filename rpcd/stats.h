/* Stats: what the programs use. Asks the master only when a caller asks, and shares the
 * rows among all callers of a short time: calls of the API, open pages, metrics. */
#ifndef RPCD_STATS_H
#define RPCD_STATS_H

#include "common/compiler.h"
#include "proto/stats.h"
#include "rpcd/rpcd.h"

#include <stddef.h>
#include <stdint.h>

#define STATS_FRESH_MS 1000 /* rows of this age serve callers; the master's may be older */
#define STATS_KEPT_MS 10000 /* then the rows are freed if nobody has asked again */

struct stats;

/* Called once: the rows are fresh, or `failure` is the text of a fault FAILED. It may
 * ask again, but must not wait for an answer at once. */
typedef void stats_fn(void *ctx, const char *failure);

/* New; NULL with errno. */
struct stats *stats_new(struct rpcd *);
void stats_free(struct stats *); /* NULL is fine; callers that wait are not called */
/* Calls fn in this call, if the rows are fresh, or later. */
void stats_ask(struct stats *, stats_fn *, void *ctx);
/* A caller that waits goes away. */
void stats_forget(struct stats *, const void *ctx);
/* The row of a process (an id of the mirror), borrowed until the next turn of the loop; or
 * NULL. */
const struct process_stats *stats_find(const struct stats *, uint64_t id);

#endif
