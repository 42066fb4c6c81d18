/* Budget: memory and descriptors of a listener's clients. One is for calls and replies:
 * what was read of a call while it waits, replies being made, and those that their clients
 * have not taken yet. Another one is for the bodies of requests. Each text alone is bounded
 * elsewhere; a budget bounds their sum, because clients decide how many there are.
 *
 * The bytes of texts count. Memory that grows reserves up to twice as much, untouched: with
 * that, the maximum of all listeners is below the sandbox's address space (RLIMIT_AS). */
#ifndef RPCD_BUDGET_H
#define RPCD_BUDGET_H

#include "common/compiler.h"
#include "common/loglimit.h"

#include <stdbool.h>
#include <stddef.h>

#define BUDGET_MAX (256 * 1024 * 1024) /* calls and replies of a listener … */
#define BUDGET_ALL (3 * BUDGET_MAX)    /* … and of all listeners */
/* A reply or a call up to here is neither counted nor refused: a connection has one, and
 * the connections are counted. */
#define BUDGET_SMALL (8 * 1024)
/* The reason of fault 30 that answers what would pass the maximum. */
#define BUDGET_WHY "too much is held for other clients"

struct process_list;

struct budget {
	const char *name; /* of the listener, in log lines; borrowed */
	size_t max, bytes;
	size_t max_files, files; /* descriptors of logs */
	struct log_limit refused;
	struct log_limit unread; /* lines on logs that cannot be read */
};

/* What the calls of one listener share; no other listener's clients can use it up. */
struct share {
	struct budget budget;
	struct process_list *processes; /* what all processes are, ready to be sent */
	struct log_limit invalid;       /* lines on bodies that are no calls */
};

/* New and empty. */
void budget_init(struct budget *, const char *name, size_t max, size_t max_files);
/* May n bytes more be added? A refusal is logged. */
NODISCARD bool budget_fits(struct budget *, size_t n);
/* The same for what all clients share: the last quarter is for this alone, so that the
 * list of all processes can still be made. */
NODISCARD bool budget_fits_shared(struct budget *, size_t n);
/* More than half of it is in use. */
static inline bool
budget_is_tight(const struct budget *budget)
{
	return budget->bytes > budget->max / 2;
}

/* After budget_fits, and for what exists already. */
static inline void
budget_add(struct budget *budget, size_t n)
{
	budget->bytes += n;
}

static inline void
budget_release(struct budget *budget, size_t n)
{
	budget->bytes -= n;
}

/* One descriptor of a log. False: there is none left, which is logged. */
NODISCARD bool budget_add_file(struct budget *);
static inline void
budget_release_file(struct budget *budget)
{
	budget->files--;
}

#endif
