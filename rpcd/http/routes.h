/* Routes: the paths that are served. */
#ifndef RPCD_HTTP_ROUTES_H
#define RPCD_HTTP_ROUTES_H

#include "proto/cmd.h"

#include <stdbool.h>

struct http_request;

struct http_route {
	const char *prefix; /* of the raw URI */
	const char *method; /* the only one allowed; others are answered with 400 */
	bool has_body;      /* a body is required; other routes discard it */
	bool has_target;    /* the URI names a log */
	enum cmd_id cmd;    /* the request needs its role; CMD_HELLO needs none */
	/* Begins the answer: sets status and response, or suspends until they are set. */
	void (*answer)(struct http_request *);
};

const struct http_route *http_route_find(const char *uri); /* or NULL */

/* rpc.c */
void http_rpc_answer(struct http_request *);
/* The client has left: abandons the call if it is parked. */
void http_rpc_abandon(void *request);
/* log_tail.c */
void http_log_tail_answer(struct http_request *);

#endif
