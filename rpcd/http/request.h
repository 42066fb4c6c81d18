/* Request: one request, from its first line to the last byte of its answer: checked by its
 * headers, its body gathered or discarded, its answer begun, awaited and sent. */
#ifndef RPCD_HTTP_REQUEST_H
#define RPCD_HTTP_REQUEST_H

#include "common/queue.h"
#include "proto/role.h"
#include "rpcd/http/browser.h"
#include "rpcd/http/connection.h"
#include "rpcd/http/routes.h"
#include "rpcd/http/stream.h"
#include "rpcd/tail/target.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A refused request's body is read and dropped up to here, so that the client reads the
 * answer; a request that announces more is answered and cut off. */
#define HTTP_DISCARD_MAX (16 * 1024 * 1024)

struct http_request {
	TAILQ_ENTRY(http_request) link;
	struct http_endpoint *endpoint;
	struct http_connection *client;
	const struct http_route *route; /* NULL: nothing is served there */
	struct tail_target target;
	bool names_log;                 /* the target is one that may be */
	struct browser_request browser; /* valid while the headers are checked */
	enum role role;                 /* of the client */
	bool begun;                     /* headers have been checked */
	bool asked;                     /* its answer has been begun */
	bool auth_failed;               /* its credentials are wrong … */
	bool delayed;                   /* … and its refusal waits, or has waited */
	int64_t refused_ms;             /* … for that time */
	TAILQ_ENTRY(http_request) delayed_link;
	bool close;         /* its framing is doubtful: nothing may follow */
	bool ends_daemon;   /* its answer does: the master waits for it to be sent */
	int status;         /* of the answer; an error once refused */
	int64_t answered;   /* bytes of the answer's body; -1 = not known */
	uint64_t announced; /* Content-Length */
	uint64_t received;  /* bytes of the body, kept or not */
	char *uri;          /* as it was sent: kept for the request line … */
	char *line;         /* … of the log; both NULL = not wanted */
	struct call *call;  /* parked, or NULL */
	struct http_stream stream;
	struct MHD_Response *response;
};

/* libmicrohttpd's callbacks. New; uri is the raw text of the request line. */
void *http_request_new(void *endpoint, const char *uri, struct MHD_Connection *);
/* The headers, a piece of the body, or its end (*size 0), also after a resume. */
enum MHD_Result http_request_handle(void *endpoint, struct MHD_Connection *,
    const char *url, const char *method, const char *version, const char *data,
    size_t *size, void **request);
/* Answered completely, or its connection broke: what is not done is abandoned. */
void http_request_free(void *endpoint, struct MHD_Connection *, void **request,
    enum MHD_RequestTerminationCode);

/* Its answer is the page of an error. */
void http_request_fail(struct http_request *, int status);
/* http_suspend_abandon for all requests of the endpoint. */
void http_request_abandon_all(struct http_endpoint *);

/* check.c: checks the headers: the status of a refusal, or 0. */
int http_check(struct http_request *, const char *method);

/* auth_delay.c */
/* The refusal of wrong credentials: delays it by a second, or returns MHD_NO when too many
 * of the client's address wait already; its connection then is closed without an answer. */
enum MHD_Result http_auth_delay(struct http_request *);
/* The request is over: it waits no more. */
void http_auth_delay_end(void *request);
/* Timer of the endpoint: the refusals whose time has come. */
void http_auth_delay_due(void *endpoint, uint32_t ready);

#endif
