/* Connection: the connections of a listener as the kernel and libmicrohttpd see them:
 * each is watched for its client's end from the beginning, and those that have used up
 * their time or are too many are shut down, so that libmicrohttpd closes them. */
#ifndef RPCD_HTTP_CONNECTION_H
#define RPCD_HTTP_CONNECTION_H

#include "common/compiler.h"
#include "common/queue.h"
#include "rpcd/http/conntable.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct http_endpoint;
struct http_request;
struct source;

struct http_connection {
	struct conn state;
	struct http_endpoint *endpoint;
	int fd;			/* libmicrohttpd's */
	uint64_t address;	/* as conntable_key has it; of a Unix socket, the user */
	bool local;		/* the other end is on this machine */
	bool left;		/* the client has closed its sending half at least */
	bool listed;		/* in endpoint->left */
	struct source *watch;	/* sees the client leave; NULL = could not be made */
	struct http_request *request;	/* under way, or NULL; borrowed */
	TAILQ_ENTRY(http_connection) left_link;
};

/* New, from libmicrohttpd's notification of an accepted connection. */
struct http_connection *http_connection_open(
    struct http_endpoint *, struct MHD_Connection *);
void http_connection_close(struct http_connection *);	/* NULL is fine */
/* The one that http_connection_open has made for it. */
struct http_connection *http_connection_of(struct MHD_Connection *);
/* The request sleeps: a client that is gone already is seen in the next turn. */
void http_connection_sleeps(struct http_connection *);

/* After a run of libmicrohttpd: shuts down what has to be closed. True: libmicrohttpd must
 * run again, because it sees that only then. */
NODISCARD bool http_connections_tend(struct http_endpoint *);
/* There is no memory for a client's body: the body that has been in memory for longest, of
 * the address that has the most there, is given up. False: there is none but the client's
 * own. */
NODISCARD bool http_connections_free_memory(const struct http_connection *);
/* When to tend them again: monotonic, -1 = nothing is pending. */
int64_t http_connections_deadline(const struct http_endpoint *);

#endif
