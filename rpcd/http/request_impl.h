/* Request_impl: a request as the modules see it that check it (check.c) and answer it
 * (request.c: calls; tail_response.c: log tails). For these files alone. */
#ifndef RPCD_HTTP_REQUEST_IMPL_H
#define RPCD_HTTP_REQUEST_IMPL_H

#include "common/buf.h"
#include "proto/cmd.h"
#include "rpcd/http/browser.h"
#include "rpcd/http/request.h"
#include "rpcd/methods/call.h"
#include "rpcd/tail/tail.h"

#include <stdint.h>

/* What is served under a path. */
struct http_route {
	const char *prefix;	/* of the raw URI */
	const char *method;	/* the only one; others are 400 */
	bool has_body;		/* must come with one; else one that comes is discarded */
	bool has_target;	/* the URI names a log */
	enum cmd_id cmd;	/* whose role the request needs; hello's is none */
	/* Begins the answer: sets status and response, or sleeps until they are set. */
	void (*ask)(struct http_request *);
};

struct http_request {
	TAILQ_ENTRY(http_request) link;
	struct http_endpoint *endpoint;
	struct MHD_Connection *connection;
	struct http_connection *client;
	const struct http_route *route;	/* NULL: nothing is served there */
	struct tail_target target;
	bool names_log;	    /* the target is one that may be */
	struct browser_request browser;	/* valid while the headers are judged */
	enum role role;	    /* of the client */
	bool begun;	    /* headers have been judged */
	bool asked;	    /* its answer has been begun */
	bool auth_failed;	    /* its credentials are wrong … */
	bool delayed;	    /* … and its refusal waits, or has waited */
	int64_t refused_ms; /* … for that time */
	TAILQ_ENTRY(http_request) delayed_link;
	bool asleep;	    /* suspended until the answer goes on */
	bool gone;	    /* the client went away meanwhile */
	bool close;	    /* its framing is doubtful: nothing may follow */
	bool ends_daemon;   /* its answer does: the master waits for it to be sent */
	int status;	    /* of the answer; an error once refused */
	int64_t answered;   /* bytes of the answer's body; -1 = not known */
	uint64_t announced; /* Content-Length */
	uint64_t received;  /* bytes of the body, kept or not */
	char *uri;	    /* as it was sent: kept for the request line … */
	char *line;	    /* … of the log; both NULL = not wanted */
	struct buf body;
	struct call *call;     /* parked, or NULL */
	struct tail *tail; /* or NULL */
	struct MHD_Response *response;
};

/* request.c */
/* From one of libmicrohttpd's callbacks: nothing happens on the connection until it wakes.
 * A client that leaves meanwhile loses its call or its tail, and wakes as gone. */
void http_request_sleep(struct http_request *);
void http_request_wake(struct http_request *);	/* when it is asleep */
void http_call_ask(struct http_request *);

/* auth_delay.c */
/* The refusal of wrong credentials: delays it by a second, or returns MHD_NO when too many
 * of the client's address wait already; its connection then is closed without an answer. */
enum MHD_Result http_auth_delay(struct http_request *);
/* The request is over: it waits no more. */
void http_auth_delay_end(struct http_request *);

/* check.c */
const struct http_route *http_route_find(const char *uri);	/* or NULL */
/* Judges the headers: the status of a refusal, or 0. */
int http_check(struct http_request *, const char *method);

/* tail_response.c */
void http_tail_ask(struct http_request *);
/* Ends the tail, if there is one. */
void http_tail_drop(struct http_request *);

#endif
