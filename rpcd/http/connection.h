/* Connection: the connections of a listener. Each is watched for the client's disconnect
 * from the beginning. Those that exceed their time or are too many are shut down, after
 * which libmicrohttpd closes them. */
#ifndef RPCD_HTTP_CONNECTION_H
#define RPCD_HTTP_CONNECTION_H

#include "common/buf.h"
#include "common/compiler.h"
#include "common/queue.h"
#include "rpcd/caller.h"
#include "rpcd/http/conntable.h"
#include "rpcd/http/endpoint.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct http_connection {
	struct conn state;
	struct http_endpoint *endpoint;
	struct MHD_Connection *handle;
	int fd;           /* owned by libmicrohttpd */
	uint64_t address; /* conntable_key() of the client; of a Unix socket its user */
	bool local;       /* the client is on this machine */
	struct caller_origin origin;
	bool left;            /* the client has closed the connection or its sending half */
	bool listed;          /* in endpoint->left */
	bool gone;            /* nobody waits for the answer any more */
	struct source *watch; /* for the client's disconnect; NULL after an error */
	struct buf body;      /* of the current request */
	/* For suspend.h; abandon is NULL while the connection is not suspended. */
	void (*abandon)(void *request);
	void *request;
	bool outlasts_client; /* stays suspended when the client has left */
	TAILQ_ENTRY(http_connection) left_link;
};

/* libmicrohttpd's callback: a connection of the endpoint begins or ends. */
void http_connection_notify(void *endpoint, struct MHD_Connection *, void **context,
    enum MHD_ConnectionNotificationCode);
/* The connection of a handle of libmicrohttpd. */
struct http_connection *http_connection_of(struct MHD_Connection *);
/* Schedules the handling of a connection whose client has left for the next run. */
void http_connection_list_left(struct http_connection *);

/* Appends to the body, which is counted in the endpoint's budget. When the budget is used
 * up, drops the oldest body of the address that has the most bytes of bodies. 0, or -1 when
 * that would be the body of this connection. */
NODISCARD int http_connection_keep_body(
    struct http_connection *, const char *bytes, size_t n);
/* The body, which no longer counts in the budget. The caller clears it (buf_clear). */
struct buf *http_connection_take_body(struct http_connection *);

/* After a run of libmicrohttpd: shuts down the connections that must be closed. True:
 * libmicrohttpd must run again to close them. */
NODISCARD bool http_connections_tend(struct http_endpoint *);
/* When to call http_connections_tend again (clock_mono_ms), or -1. */
int64_t http_connections_deadline(const struct http_endpoint *);

#endif
