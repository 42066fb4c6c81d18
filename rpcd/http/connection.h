/* Connection: the connections of a listener as the kernel and libmicrohttpd see them: each
 * is watched for its client's end from the beginning, and those that have used up their
 * time or are too many are shut down, so that libmicrohttpd closes them. */
#ifndef RPCD_HTTP_CONNECTION_H
#define RPCD_HTTP_CONNECTION_H

#include "common/buf.h"
#include "common/compiler.h"
#include "common/queue.h"
#include "rpcd/http/conntable.h"
#include "rpcd/http/endpoint.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct http_connection {
	struct conn state;
	struct http_endpoint *endpoint;
	struct MHD_Connection *handle;
	int fd;               /* libmicrohttpd's */
	uint64_t address;     /* as conntable_key has it; of a Unix socket, the user */
	bool local;           /* the other end is on this machine */
	bool left;            /* the client has closed its sending half at least */
	bool listed;          /* in endpoint->left */
	bool gone;            /* no client waits for the answer any more */
	struct source *watch; /* sees the client leave; NULL = could not be made */
	struct buf body;      /* of the request under way */
	/* suspend.h; abandon is NULL while it is not suspended. */
	void (*abandon)(void *request);
	void *request;
	bool outlasts_client;
	TAILQ_ENTRY(http_connection) left_link;
};

/* libmicrohttpd's callback: a connection of the endpoint begins or ends. */
void http_connection_notify(void *endpoint, struct MHD_Connection *, void **context,
    enum MHD_ConnectionNotificationCode);
/* Ours, by libmicrohttpd's. */
struct http_connection *http_connection_of(struct MHD_Connection *);
/* The client has left: the connection is dealt with in the next run. */
void http_connection_list_left(struct http_connection *);

/* Appends to the body, which is counted in the endpoint's budget: when that is used up, the
 * body that has been in memory for longest, of the address that has the most there, is
 * dropped. 0, or -1: the client has the most itself. */
NODISCARD int http_connection_keep_body(
    struct http_connection *, const char *bytes, size_t n);
/* The body, which leaves the budget; buf_clear it afterwards. */
struct buf *http_connection_take_body(struct http_connection *);

/* After a run of libmicrohttpd: shuts down what has to be closed. True: libmicrohttpd must
 * run again, because it sees that only then. */
NODISCARD bool http_connections_tend(struct http_endpoint *);
/* When to tend them again: monotonic, -1 = nothing is pending. */
int64_t http_connections_deadline(const struct http_endpoint *);

#endif
