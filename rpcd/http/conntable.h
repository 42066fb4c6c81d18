/* Conntable: the connections of a listener with their addresses and phases. Decides which
 * connection has exceeded its time, and which one to close when the listener has too many
 * or its clients use too much memory. Makes no system calls. */
#ifndef RPCD_HTTP_CONNTABLE_H
#define RPCD_HTTP_CONNTABLE_H

#include "common/queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* Time for the head of a request, from its first byte or the accept of the connection. In
 * each such time, CONN_BODY_BYTES of the body must arrive. */
#define CONN_WAIT_MS 10000
#define CONN_BODY_BYTES (10 * 1024)
/* Time from the end of an answer to the next request, as in supervisord. */
#define CONN_IDLE_MS (1800 * 1000)
/* While a listener is more than half full, and an address has more than CONN_MANY
 * incomplete requests, or a quarter of the listener's connections are incomplete requests,
 * one of those is closed at a time; else the same with idle connections. When the listener
 * is seven eighths full, the address with the most connections in one phase loses one. */
#define CONN_MANY 16
#define CONNTABLE_LEAST 8 /* the smallest number of connections of a listener */
/* Time for which a connection may use memory before it can be closed because of that. */
#define CONN_WEIGHT_MS 2000

enum conn_phase {
	CONN_FRESH,	/* the request is not complete */
	CONN_IDLE,	/* between two requests */
	CONN_BUSY,	/* a complete request is being answered */
	CONN_CLOSING,	/* shut down, not closed yet */
	CONN_PHASES,
};

/* Embedded in the caller's struct, which only reads it. */
struct conn {
	struct conntable *all;
	struct conn_address *address;
	enum conn_phase phase;
	int64_t since;             /* beginning of the phase, or of the time for a body */
	bool in_body;              /* CONN_FRESH: the head is complete */
	size_t received;           /* bytes of the body since `since` */
	size_t weight;             /* bytes of memory in use */
	int64_t weighed;           /* when `weight` increased last */
	TAILQ_ENTRY(conn) by_time; /* in the list of the phase */
	TAILQ_ENTRY(conn) by_address; /* in the list of its address and phase */
};

TAILQ_HEAD(conn_list, conn);

/* The connections of an address in one phase. */
struct conn_group {
	struct conn_list connections; /* the first to enter the phase first */
	size_t count, weight;
	TAILQ_ENTRY(conn_group) link; /* in its rank */
};

TAILQ_HEAD(conn_rank, conn_group);

struct conn_address {
	uint64_t key;
	size_t count; /* connections of the address */
	struct conn_group phases[CONN_PHASES];
};

/* The last rank has all addresses with as many connections or more. */
#define CONN_RANKS 64

struct conntable { /* of a listener */
	unsigned limit;
	size_t count; /* with those that are closing */
	struct idmap *addresses;
	struct {
		size_t count, weight;
		struct conn_list by_time;
		struct conn_rank ranks[CONN_RANKS]; /* by count, rank 0 unused */
	} phases[CONN_PHASES];
};

/* New; limit: the number of connections that the listener may have. */
struct conntable *conntable_new(unsigned limit);
/* All connections must be closed. NULL is allowed. */
void conntable_free(struct conntable *);

/* The key of an address: an IPv4 address, or the first 64 bits of an IPv6 address, because
 * a site can use all addresses of such a prefix. */
uint64_t conntable_key(const struct sockaddr *);

/* Adds a connection in CONN_FRESH. */
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

/* Sets the memory that the connection uses, in bytes. */
void conn_set_weight(struct conn *, size_t weight, int64_t now);

/* The next connection that has exceeded its time, or NULL. */
struct conn *conntable_expired(struct conntable *, int64_t now);
/* When to call conntable_expired again (clock_mono_ms; it may be too early), or -1. */
int64_t conntable_deadline(const struct conntable *, int64_t now);
/* The connection to close because the listener has too many, or NULL: the oldest one of the
 * address that has the most in the same phase. */
struct conn *conntable_victim(const struct conntable *);
/* The connection to close because memory is short, or NULL: of the address that uses the
 * most in the phase, the first one that has used some since `before` or longer. */
struct conn *conntable_heaviest(const struct conntable *, enum conn_phase, int64_t before);

#endif
