/* Endpoint: what the connections and requests of one listener share. */
#ifndef RPCD_HTTP_ENDPOINT_H
#define RPCD_HTTP_ENDPOINT_H

#include "common/loglimit.h"
#include "common/queue.h"
#include "rpcd/budget.h"
#include "rpcd/http/auth_failures.h"
#include "rpcd/rpcd.h"
#include "rpcd/setup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_BODY_MAX (4 * 1024 * 1024)
/* Bytes of bodies in memory, short ones excepted: of all requests of a listener, beyond
 * which the client that holds the most loses its request, and of all listeners. */
#define HTTP_BODIES_MAX (64 * 1024 * 1024)
#define HTTP_BODIES_ALL (4 * HTTP_BODIES_MAX)
#define HTTP_PARKED_MAX 256  /* calls a listener */
#define HTTP_STREAMS_MAX 256 /* answers without an end, a listener */

struct http_endpoint {
	struct rpcd *rpcd;
	char name[64]; /* in log lines */
	bool is_unix;
	struct setup_access access;
	char *names;          /* owned: of the server, separated by blanks; or NULL */
	struct source *timer; /* armed in the past when libmicrohttpd has to run: it does
				 * not notice by itself that a connection was resumed */
	int64_t now;          /* monotonic, when libmicrohttpd's run began */
	bool paused;          /* accepts no more until a connection of its own ends */
	struct conntable *connections;
	TAILQ_HEAD(, http_connection) left; /* whose clients have, not dealt with yet */
	struct log_limit unwatched, crowded, heavy, foreign_sites, foreign_names, shortages;
	bool forwarded_logged;
	struct auth_failures failures;
	TAILQ_HEAD(, http_request) delayed; /* refusals, in the order of their time */
	struct source *refusals;            /* timer: of the first of them */
	struct log_limit wrong;
	TAILQ_HEAD(, http_request) all;
	size_t parked;  /* of them, those whose call waits */
	size_t streams; /* … whose answer has no end */
	size_t max_streams;
	struct budget bodies; /* in memory */
	struct share share;   /* of the calls */
};

#endif
