/* Routes: what is served under which path. */
#ifndef RPCD_HTTP_ROUTES_H
#define RPCD_HTTP_ROUTES_H

#include "proto/cmd.h"

#include <stdbool.h>

struct http_request;

struct http_route {
	const char *prefix; /* of the raw URI */
	const char *method; /* the only one; others are 400 */
	bool has_body;      /* must come with one; else one that comes is discarded */
	bool has_target;    /* the URI names a log */
	enum cmd_id cmd;    /* whose role the request needs; hello's is none */
	/* Begins the answer: sets status and response, or suspends until they are set. */
	void (*ask)(struct http_request *);
};

const struct http_route *http_route_find(const char *uri); /* or NULL */

/* rpc.c */
void http_rpc_ask(struct http_request *);
/* The client has gone: abandons the call, if it is parked. */
void http_rpc_abandon(void *request);
/* log_tail.c */
void http_log_tail_ask(struct http_request *);

#endif
