/* Conntable: the connections of a listener, each with its address, its phase and the time
 * since then; which one has used up its time, and which one is closed when the listener
 * fills up. Decisions only: no system call is made here. */
#ifndef RPCD_HTTP_CONNTABLE_H
#define RPCD_HTTP_CONNTABLE_H

#include "common/queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* Limit for a request's head, from its beginning or from the accept of its connection; in
 * each such time CONN_BODY_BYTES of its body must arrive. */
#define CONN_WAIT_MS 10000
#define CONN_BODY_BYTES (10 * 1024)
/* From the end of an answer to the next request; supervisord's. */
#define CONN_IDLE_MS (1800 * 1000)
/* More connections of an address, or a quarter of the listener's, are closed one by one
 * while the listener is more than half full: incomplete requests, else idle ones. When it
 * is seven eighths full, the largest group is. */
#define CONN_MANY 16
#define CONNTABLE_LEAST 8 /* connections of a listener, at least */
/* A connection keeps memory for at least this time. */
#define CONN_WEIGHT_MS 2000

enum conn_phase {
	CONN_FRESH,	/* a complete request is awaited */
	CONN_IDLE,	/* between two requests */
	CONN_BUSY,	/* a complete request is being answered */
	CONN_CLOSING,	/* shut down, and not closed yet */
	CONN_PHASES,
};

/* A part of the caller's own object; all of this is read-only for the caller. */
struct conn {
	struct conntable *all;
	struct conn_address *address;
	enum conn_phase phase;
	int64_t since;                /* in the phase; of a body: beginning of its time */
	bool in_body;                 /* CONN_FRESH: the head is complete */
	size_t received;              /* bytes of the body since then */
	size_t weight;                /* bytes of memory that it holds … */
	int64_t weighed;              /* … since then */
	TAILQ_ENTRY(conn) by_time;    /* of all in the phase */
	TAILQ_ENTRY(conn) by_address; /* of those of its address in the phase */
};

TAILQ_HEAD(conn_list, conn);

/* The connections of an address in one phase. */
struct conn_group {
	struct conn_list connections; /* by the time they entered it */
	size_t count, weight;
	TAILQ_ENTRY(conn_group) link; /* in the rank */
};

TAILQ_HEAD(conn_rank, conn_group);

struct conn_address {
	uint64_t key;
	size_t count; /* connections of the address */
	struct conn_group phases[CONN_PHASES];
};

/* Addresses are ranked by their connections up to here; those with more are compared. */
#define CONN_RANKS 64

struct conntable { /* of a listener */
	unsigned limit;
	size_t count; /* those that are closing included */
	struct idmap *addresses;
	struct {
		size_t count, weight;
		struct conn_list by_time;
		struct conn_rank ranks[CONN_RANKS]; /* by count, rank 0 unused */
	} phases[CONN_PHASES];
};

/* New; limit: how many connections the listener may have. */
struct conntable *conntable_new(unsigned limit);
void conntable_free(struct conntable *); /* none is left; NULL is fine */

/* The number that stands for an address: an IPv4 address, or the first 64 bits of an IPv6
 * address, because a site has that many to choose from. */
uint64_t conntable_key(const struct sockaddr *);

/* Begins in CONN_FRESH. */
void conntable_open(struct conntable *, struct conn *, uint64_t key, int64_t now);
void conntable_close(struct conn *);
/* Enters a phase; nothing follows CONN_CLOSING. */
void conn_enter(struct conn *, enum conn_phase, int64_t now);
/* The head is complete and a body follows. */
void conn_begin_body(struct conn *, int64_t now);
static inline void
conn_received(struct conn *c, size_t bytes)
{
	c->received += bytes;
}

/* What the connection holds from now on, 0 = nothing. */
void conn_weigh(struct conn *, size_t weight, int64_t now);

/* The next connection that has used up its time, or NULL. */
struct conn *conntable_expired(struct conntable *, int64_t now);
/* When to ask for that again: monotonic, -1 = no connection waits. A time at which nothing
 * has expired after all is possible. */
int64_t conntable_deadline(const struct conntable *, int64_t now);
/* The connection to be closed because the listener is too full, or NULL: always the oldest
 * one of the address with the most of them in its phase. */
struct conn *conntable_victim(const struct conntable *);
/* Memory is short: the connection that has held some in the phase for longest, of the
 * address that holds the most; only one that has held it since `before`. Or NULL. */
struct conn *conntable_heaviest(const struct conntable *, enum conn_phase, int64_t before);

#endif
