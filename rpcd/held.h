/* Held: the account of the bytes that calls and their replies hold, of all clients
 * together: what was read of a call while it waits, replies being made, and those that
 * their clients have not taken yet. Each alone is bounded elsewhere; this bounds their sum,
 * for a client decides how many there are and for how long.
 *
 * Counted are the bytes of texts. Memory that grows has up to twice as much behind them
 * that nobody has touched: with that, and with all else, the maximum is far below the
 * address space that the sandbox leaves (RLIMIT_AS). */
#ifndef RPCD_HELD_H
#define RPCD_HELD_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#define HELD_MAX (256 * 1024 * 1024)
/* What clients do not share ends here, so that the list of all processes, which they do
 * share, can still be made. */
#define HELD_OWN_MAX (HELD_MAX / 4 * 3)
/* A reply or a call up to here is neither counted nor refused: a connection has one, and
 * the connections are counted. */
#define HELD_SMALL (8 * 1024)
/* The reason of fault 30 that answers what would pass the maximum. */
#define HELD_WHY "too much is held for other clients"

struct held {
	size_t bytes;
	bool full;	/* somebody was refused since it was half full */
};

/* May n bytes more be added? The first refusal is logged. */
NODISCARD bool held_fits(struct held *, size_t n);
NODISCARD bool held_fits_shared(struct held *, size_t n);
/* Whoever held_fits told so, and what exists already. */
void held_add(struct held *, size_t n);
void held_give(struct held *, size_t n);

#endif
