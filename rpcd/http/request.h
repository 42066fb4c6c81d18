/* Request: one request, from its first line to the last byte of its answer: judged by
 * its headers, its body gathered or discarded, its call begun, parked and answered. */
#ifndef RPCD_HTTP_REQUEST_H
#define RPCD_HTTP_REQUEST_H

#include "common/compiler.h"
#include "common/loglimit.h"
#include "common/queue.h"
#include "rpcd/budget.h"
#include "rpcd/http/auth.h"
#include "rpcd/http/connection.h"
#include "rpcd/rpcd.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A refused request's body is read and dropped up to here, so that the client is there to
 * see the answer; what announces more is answered at once and cut off. */
#define HTTP_DISCARD_MAX (16 * 1024 * 1024)
/* Bytes of bodies in memory, short ones excepted: of all requests of a listener, beyond
 * which the client that holds the most loses its request, and of all listeners. */
#define HTTP_BODIES_MAX (64 * 1024 * 1024)
#define HTTP_BODIES_ALL (4 * HTTP_BODIES_MAX)

struct http_request;

/* What the requests of one listener share. */
struct http_endpoint {
	struct rpcd *rpcd;
	char name[64];		/* in log lines */
	bool is_unix;
	struct auth *auth;	/* owned by the listener */
	char *names;		/* likewise: of the server, separated by blanks; or NULL */
	struct source *timer;	/* armed in the past when libmicrohttpd has to run: it does
				 * not notice by itself that a connection was resumed */
	int64_t now;		/* monotonic, when libmicrohttpd's run began */
	struct conntable *connections;
	TAILQ_HEAD(, http_connection) left;	/* whose clients have, not dealt with yet */
	struct log_limit unwatched, crowded, heavy, foreign_sites, foreign_names, shortages;
	bool forwarded_told;
	struct auth_failures *auth_failures;	/* owned by the listener */
	TAILQ_HEAD(, http_request) delayed;	/* refusals, in the order of their time */
	struct source *refusals;	/* timer: of the first of them */
	struct log_limit wrong;
	TAILQ_HEAD(, http_request) all;
	size_t count;		/* of them */
	size_t parked;		/* … whose call waits */
	size_t tails;	/* … that tail a log */
	size_t max_tails;
	struct budget bodies;	/* in memory */
	struct share share;	/* of the calls */
};

/* New; uri is the raw text of the request line. */
struct http_request *http_request_new(struct http_endpoint *, struct MHD_Connection *,
    const char *uri);
/* Timer of the endpoint: the refusals whose time has come. */
void http_auth_delay_due(void *endpoint, uint32_t ready);
/* Handles the headers, a piece of the body, or its end (*size 0), also after a resume. */
enum MHD_Result http_request_handle(struct http_request *, const char *method,
    const char *version, const char *data, size_t *size);
/* Answered completely, or its connection broke: an unfinished call is abandoned. */
void http_request_free(struct http_request *);
/* Nobody waits for the answer any more: if the request sleeps, what was begun is given up
 * and its connection ends in the next run. */
void http_request_drop_asleep(struct http_request *);
/* Its connection has been shut down: drops what has come of the body. */
void http_request_drop_body(struct http_request *);
/* As http_request_drop_asleep, for all requests of the endpoint. */
void http_request_drop_all(struct http_endpoint *);

#endif
