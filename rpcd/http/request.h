/* Request: one HTTP request from its first line to the last byte of its answer: checks the
 * headers, collects or discards the body, begins the answer and sends it. */
#ifndef RPCD_HTTP_REQUEST_H
#define RPCD_HTTP_REQUEST_H

#include "common/queue.h"
#include "rpcd/caller.h"
#include "rpcd/http/access.h"
#include "rpcd/http/browser.h"
#include "rpcd/http/connection.h"
#include "rpcd/http/routes.h"
#include "rpcd/http/stream.h"
#include "rpcd/tail/target.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The body of a refused request is read and discarded up to this length, because most
 * clients read the answer only after sending it. For a longer one the connection is
 * closed. */
#define HTTP_DISCARD_MAX (16 * 1024 * 1024)

/* The headers that more than one check needs. */
enum http_field {
	HTTP_LENGTH,
	HTTP_ENCODING,
	HTTP_HOST,
	HTTP_TYPE,
	HTTP_CREDENTIALS,
	HTTP_FIELDS
};

struct http_request {
	TAILQ_ENTRY(http_request) link;
	struct http_endpoint *endpoint;
	struct http_connection *client;
	const struct http_route *path;  /* NULL: there is no such path */
	const struct http_route *route; /* NULL: the path does not have the method */
	struct tail_target target;
	bool names_log;                  /* the target is valid */
	const char *fields[HTTP_FIELDS]; /* the first of each name, or NULL; borrowed */
	struct browser_request browser;  /* valid while the headers are checked */
	struct caller caller;
	bool begun;         /* the headers have been checked */
	char *remedy;       /* owned: HTML for the page of a refusal, or NULL */
	bool is_json;       /* the body is JSON */
	bool answering;     /* the answer has begun */
	bool auth_failed;   /* the credentials are wrong */
	bool delayed;       /* the refusal of them is or was delayed */
	int64_t refused_ms; /* when it is due; 0 = not in endpoint->delayed */
	TAILQ_ENTRY(http_request) delayed_link;
	struct http_verification *verification; /* NULL = it waits for none */
	TAILQ_ENTRY(http_request) verify_link;
	bool verified;      /* one has ended; the check of the headers must continue */
	int64_t verify_ms;  /* when it began, 0 = never */
	bool close;         /* close the connection after the answer */
	bool ends_daemon;   /* the daemon ends when the answer is sent */
	int status;         /* of the answer; an error once the request is refused */
	int64_t answered;   /* bytes of the answer's body; -1 = not known */
	uint64_t announced; /* Content-Length */
	uint64_t received;  /* bytes of the body, kept or discarded */
	char *uri;          /* owned, raw, for `line`; NULL = requests are not logged */
	char *line;         /* owned: the request line for the log, or NULL */
	struct call *call;  /* parked, or NULL */
	struct page_call *page_call; /* parked, or NULL */
	struct log_file *log_file;   /* waits for the master, or NULL */
	struct http_stream stream;
	struct MHD_Response *response;
};

/* libmicrohttpd's callback for the first line of a request. New; uri is raw. */
void *http_request_new(void *endpoint, const char *uri, struct MHD_Connection *);
/* Its callback for the headers, a piece of the body, the end of the body (*size 0), and
 * after a resume. */
enum MHD_Result http_request_handle(void *endpoint, struct MHD_Connection *,
    const char *url, const char *method, const char *version, const char *data,
    size_t *size, void **request);
/* Its callback for the end of a request, completed or not. */
void http_request_free(void *endpoint, struct MHD_Connection *, void **request,
    enum MHD_RequestTerminationCode);

/* Makes the page of an error the answer. */
void http_request_fail(struct http_request *, int status);
/* The text that the page of a refusal has in addition. */
void http_request_explain(struct http_request *, const char *why);
/* http_suspend_abandon for all requests of the endpoint. */
void http_request_abandon_all(struct http_endpoint *);

/* check.c */
/* Checks the headers. 0, or the status of the refusal. When the request has a verification
 * then, it is suspended, and http_check_route follows after that. */
int http_check(struct http_request *, const char *method);
/* Checks whether the caller may use the route. 0, or the status of the refusal. */
int http_check_route(struct http_request *);
/* Whether the caller has a role and the right to a command, CMD_HELLO for none. If not,
 * reports the refusal of `name` with the target (NULL = none), and sets the remedy. */
bool http_permits(struct http_request *, enum role needed, enum cmd_id, const char *name,
    const char *target);
struct access_rules http_access_rules(const struct http_endpoint *);

/* revoke.c: the users have changed: ends the calls that wait and the streams of callers who
 * have other rights now. */
void http_requests_revoke(struct http_endpoint *);

/* auth_delay.c */
/* Logs and counts wrong credentials. False: the address has sent too many. */
bool http_auth_failed(struct http_endpoint *, uint64_t address);
/* Delays the refusal of wrong credentials. MHD_NO when the client's address has too many of
 * them: then the connection is closed without an answer. */
enum MHD_Result http_auth_delay(struct http_request *);
/* Ends the delay of a request. */
void http_auth_delay_end(void *request);
/* Timer of the endpoint: sends the refusals that are due. */
void http_auth_delay_due(void *endpoint, uint32_t ready);

#endif
