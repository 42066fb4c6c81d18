/* Held: a budget of memory and descriptors, separate for each listener. One is for what its
 * calls and their replies hold: what was read of a call while it waits, replies being made,
 * and those that their clients have not taken yet. Another one is for the bodies of
 * requests. Each text alone is bounded elsewhere; a budget bounds their sum, for a client
 * decides how many there are and for how long.
 *
 * Counted are the bytes of texts. Memory that grows has up to twice as much behind them
 * that nobody has touched: with that, and with all else, the maximum of all listeners is
 * below the address space that the sandbox leaves (RLIMIT_AS). */
#ifndef RPCD_BUDGET_H
#define RPCD_BUDGET_H

#include "common/compiler.h"
#include "common/loglimit.h"

#include <stdbool.h>
#include <stddef.h>

#define HELD_MAX (256 * 1024 * 1024)	/* calls and replies of a listener … */
#define HELD_ALL (3 * HELD_MAX)		/* … and of all listeners */
/* A reply or a call up to here is neither counted nor refused: a connection has one, and
 * the connections are counted. */
#define HELD_SMALL (8 * 1024)
/* The reason of fault 30 that answers what would pass the maximum. */
#define HELD_WHY "too much is held for other clients"

struct rows;

struct held {
	const char *name;	/* of the listener, in log lines; borrowed */
	size_t max, bytes;
	size_t max_files, files;	/* descriptors of logs */
	struct log_limit refused;
	struct log_limit unread;	/* lines on logs that cannot be read */
};

/* What the calls of one listener share; no other listener's clients can use it up. */
struct share {
	struct held held;
	struct rows *rows;	/* what all processes are, ready to be sent */
	struct log_limit invalid;	/* lines on bodies that are no calls */
};

/* New and empty. */
void held_init(struct held *, const char *name, size_t max, size_t max_files);
/* May n bytes more be added? A refusal is logged. */
NODISCARD bool held_fits(struct held *, size_t n);
/* The same for what all clients share: the last quarter is for this alone, so that the
 * list of all processes can still be made. */
NODISCARD bool held_fits_shared(struct held *, size_t n);
/* More than half of it is in use. */
bool held_presses(const struct held *);
/* To be called after held_fits, and for what exists already. */
void held_add(struct held *, size_t n);
void held_give(struct held *, size_t n);
/* The same for one descriptor; false: there is none left, which is logged. */
NODISCARD bool held_take_file(struct held *);
void held_give_file(struct held *);

#endif
