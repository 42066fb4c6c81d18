/* Endpoint: the data that the connections and requests of one listener share. */
#ifndef RPCD_HTTP_ENDPOINT_H
#define RPCD_HTTP_ENDPOINT_H

#include "common/loglimit.h"
#include "common/queue.h"
#include "rpcd/budget.h"
#include "rpcd/http/auth_failures.h"
#include "rpcd/http/page.h"
#include "rpcd/rpcd.h"
#include "rpcd/setup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_BODY_MAX (4 * 1024 * 1024)
#define HTTP_FORM_MAX (1024 * 1024)
/* Bytes of bodies in memory, without small ones. When a listener has more, the client that
 * uses the most loses a request. */
#define HTTP_BODIES_MAX (64 * 1024 * 1024)    /* of one listener */
#define HTTP_BODIES_ALL (4 * HTTP_BODIES_MAX) /* of all listeners */
#define HTTP_PARKED_MAX 256                   /* calls of a listener that wait */
#define HTTP_STREAMS_MAX 256                  /* streams of a kind of a listener */

/* The streams of one kind. */
struct http_streams {
	size_t open, max;
};

struct http_endpoint {
	struct rpcd *rpcd;
	char name[64]; /* in log lines */
	bool is_unix;
	struct setup_access access;
	char *names;          /* owned: names of the server, separated by blanks; or NULL */
	char *section;        /* owned: of the configuration */
	struct source *timer; /* armed for time 0 to run libmicrohttpd, which does not
			       * notice that a connection was resumed */
	int64_t now;          /* clock_mono_ms() at the beginning of its run */
	bool paused;          /* libmicrohttpd does not accept until a connection ends */
	struct conntable *connections;
	TAILQ_HEAD(, http_connection) left; /* clients have left, not handled yet */
	struct log_limit unwatched, crowded, heavy, foreign_sites, foreign_names, shortages;
	bool forwarded_logged;
	struct auth_failures failures;
	TAILQ_HEAD(, http_verification) verifications;
	TAILQ_HEAD(http_requests, http_request)
	delayed;                 /* delayed refusals, the first due first */
	struct source *refusals; /* timer: for the first delayed refusal */
	struct log_limit wrong;
	TAILQ_HEAD(, http_request) all;
	size_t parked;                    /* requests whose call waits */
	struct http_streams tails, pages; /* requests that follow a log, or all states */
	struct budget bodies;
	struct share share;
	struct rendered *list_page; /* of all programs */
	struct rendered *metrics;
	uint64_t refused[HTTP_ERRORS]; /* requests, by http_page_errors */
};

#endif
