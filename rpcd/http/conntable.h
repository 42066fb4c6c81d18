/* Connections: who is connected to a listener, since when, from which address and in which
 * phase; which connection has used up its time, and which one is closed when the listener
 * fills up. Decisions only: no system call is made here. */
#ifndef RPCD_HTTP_CONNTABLE_H
#define RPCD_HTTP_CONNTABLE_H

#include "common/compiler.h"
#include "common/queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* A request's head must be complete so long after it began, the first one's after the
 * connection was accepted; and of its body so many bytes must arrive in each such time. */
#define CONNECTION_WAIT_MS 10000
#define CONNECTION_BODY_BYTES (10 * 1024)
/* From the end of an answer to the next request; supervisord's. */
#define CONNECTION_IDLE_MS (1800 * 1000)
/* More connections of an address, or a quarter of the listener's, are closed one by one
 * while the listener is more than half full: incomplete requests, else idle ones. When it
 * is seven eighths full, the largest group is. */
#define CONNECTION_MANY 16
#define CONNECTIONS_LEAST 8	/* a listener has at least so many */
/* Memory is taken from a connection at the earliest so long after it took it. */
#define CONNECTION_WEIGHT_MS 2000

enum connection_phase {
	CONNECTION_FRESH,	/* a complete request is awaited */
	CONNECTION_IDLE,	/* between two requests */
	CONNECTION_BUSY,	/* a complete request is being answered */
	CONNECTION_CLOSING,	/* shut down, and not closed yet */
	CONNECTION_PHASES,
};

struct connections;		/* of a listener */
struct connection_address;

/* A part of the caller's own object; read-only for the caller. */
struct connection {
	struct connections *all;
	struct connection_address *address;
	enum connection_phase phase;
	int64_t since;		/* in the phase; of a body: beginning of its time */
	bool in_body;		/* CONNECTION_FRESH: the head is complete */
	size_t received;	/* bytes of the body since then */
	size_t weight;		/* bytes of memory that it holds … */
	int64_t weighed;	/* … since then */
	TAILQ_ENTRY(connection) by_time;	/* of all in the phase */
	TAILQ_ENTRY(connection) by_address;	/* of those of its address in the phase */
};

/* New; limit: how many connections the listener may have. */
struct connections *connections_new(unsigned limit);
void connections_free(struct connections *);	/* none is left; NULL is fine */
unsigned connections_limit(const struct connections *);
/* All, those that are closing included. */
size_t connections_count(const struct connections *);

/* The number that stands for an address: an IPv4 address, or the first 64 bits of an IPv6
 * address, because a site has that many to choose from. */
uint64_t connections_key(const struct sockaddr *);

/* Begins in CONNECTION_FRESH. */
void connections_open(struct connections *, struct connection *, uint64_t key, int64_t now);
void connections_close(struct connection *);
/* Enters a phase; nothing follows CONNECTION_CLOSING. */
void connection_enter(struct connection *, enum connection_phase, int64_t now);
/* The head is complete and a body follows. */
void connection_begin_body(struct connection *, int64_t now);
void connection_received(struct connection *, size_t bytes);
/* What the connection holds from now on, 0 = nothing. */
void connection_weigh(struct connection *, size_t weight, int64_t now);
/* How many connections its address has. */
size_t connection_siblings(const struct connection *);

/* The next connection that has used up its time, or NULL. */
struct connection *connections_expired(struct connections *, int64_t now);
/* When to ask for that again: monotonic, -1 = no connection waits. A time at which nothing
 * has expired after all is possible. */
int64_t connections_deadline(const struct connections *, int64_t now);
/* The connection to be closed because the listener is too full, or NULL: always the oldest
 * one of the address with the most of them in its phase. */
struct connection *connections_victim(const struct connections *);
/* Bytes of memory that all connections in the phase hold. */
size_t connections_weight(const struct connections *, enum connection_phase);
/* Memory is short: the connection that has held some in the phase for longest, of the
 * address that holds the most; only one that has held it since `before`. Or NULL. */
struct connection *connections_heaviest(
    const struct connections *, enum connection_phase, int64_t before);

#endif
