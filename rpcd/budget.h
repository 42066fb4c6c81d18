/* Budget: memory and descriptors that the clients of one listener may use. One budget is
 * for calls and replies: the parameters of calls that wait, replies being made, and replies
 * that clients have not read yet. Another one is for the bodies of requests. The size of
 * each text is bounded elsewhere; a budget bounds the sum, because clients choose their
 * number.
 *
 * Budgets count the bytes of texts. A growing buffer may allocate twice its bytes; with
 * that the maximum of all listeners is below the sandbox's address space (RLIMIT_AS). */
#ifndef RPCD_BUDGET_H
#define RPCD_BUDGET_H

#include "common/compiler.h"
#include "common/loglimit.h"

#include <stdbool.h>
#include <stddef.h>

#define BUDGET_MAX (256 * 1024 * 1024) /* for calls and replies of a listener */
#define BUDGET_ALL (3 * BUDGET_MAX)    /* the same of all listeners */
/* A call or reply of this size is neither counted nor refused: each connection has at most
 * one, and the number of connections is bounded. */
#define BUDGET_SMALL (8 * 1024)
/* The text of fault 30 for a call that would exceed the maximum. */
#define BUDGET_WHY "out of reply memory; try again"

struct process_list;
struct reports;

struct budget {
	const char *name; /* of the listener, in log lines; borrowed */
	size_t max, bytes;
	size_t max_files, files; /* descriptors of logs */
	struct log_limit refused;
	struct log_limit unread; /* log lines about logs that cannot be read */
};

/* Shared by the calls of one listener, so that its clients cannot exhaust other
 * listeners. */
struct share {
	struct budget budget;
	struct process_list *processes; /* the reply of getAllProcessInfo, kept for reuse */
	struct reports *reports;        /* to the master, of refused calls */
	struct log_limit invalid;       /* log lines about bodies that are not calls */
};

/* New and empty. */
void budget_init(struct budget *, const char *name, size_t max, size_t max_files);
/* Whether n more bytes fit. A refusal is logged. */
NODISCARD bool budget_fits(struct budget *, size_t n);
/* The same for texts that all clients share. Only these may use the last quarter, so that
 * the list of all processes can always be made. */
NODISCARD bool budget_fits_shared(struct budget *, size_t n);
/* More than half is in use. */
static inline bool
budget_is_tight(const struct budget *budget)
{
	return budget->bytes > budget->max / 2;
}

/* After budget_fits, or for memory that is in use already. */
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

/* Counts one descriptor of a log. False: all are in use, which is logged. */
NODISCARD bool budget_add_file(struct budget *);
static inline void
budget_release_file(struct budget *budget)
{
	budget->files--;
}

#endif
