/* Routes: the paths that are served, and the methods of each. */
#ifndef RPCD_HTTP_ROUTES_H
#define RPCD_HTTP_ROUTES_H

#include "common/buf.h"
#include "proto/cmd.h"
#include "proto/grant.h"
#include "proto/role.h"

#include <stdbool.h>
#include <stddef.h>

struct http_endpoint;
struct http_request;

/* What a client sends with the request. */
enum http_body {
	HTTP_BODY_NONE, /* nothing is needed; a body is discarded */
	HTTP_BODY_CALL, /* a call */
	HTTP_BODY_FORM, /* the fields of an HTML form */
	HTTP_BODIES
};

/* A method of a path. */
struct http_route {
	const char *path;
	bool is_prefix; /* as in supervisord: all raw URIs that begin with `path`; else only
			 * this path, which a query may follow */
	const char *method;
	enum http_body body;
	size_t body_max; /* bytes */
	bool has_target; /* the URI names a log */
	bool is_page;    /* a browser shows it; other sites may have links to it */
	enum role role;  /* the request needs this role */
	/* The role that it needs on this listener instead, or NULL. ROLE_NONE: it needs no
	 * credentials either; wrong ones are refused. */
	enum role (*needs)(const struct http_endpoint *);
	enum cmd_id cmd; /* and that of this command; CMD_HELLO needs none */
	/* What it calls, as the master is told; NULL = nothing that has a name. */
	const char *name;
	/* Begins the answer: sets status and response, or suspends until they are set. */
	void (*answer)(struct http_request *);
	/* Ends the work for the answer, if there is any: the request ends, possibly because
	 * the client has left. NULL = there never is. */
	void (*abandon)(void *request);
};

/* The first route of the raw URI's path, or NULL. */
const struct http_route *http_route_find(const char *uri);
/* The route of the same path for this method, or NULL. */
const struct http_route *http_route_of_method(
    const struct http_route *, const char *method);

/* pages.c */
void http_pages_file(struct http_request *);
void http_pages_list(struct http_request *);
void http_pages_ok(struct http_request *);
/* Writes the list for rpcd/rendered.h; rpcd is the context. */
void http_pages_write_list(void *rpcd, const struct grant *, int64_t now, struct buf *);
/* log_page.c */
void http_log_page(struct http_request *);
void http_log_page_main(struct http_request *);
/* log_file.c */
void http_log_file(struct http_request *);
void http_log_file_abandon(void *request);
/* actions.c */
void http_actions_answer(struct http_request *);
/* A GET of a page: whether it is a link of supervisord's page that asks for an action; then
 * the answer is a page that asks to confirm it. */
bool http_actions_link(struct http_request *);
/* metrics.c */
enum role http_metrics_needs(const struct http_endpoint *);
void http_metrics_answer(struct http_request *);
void http_metrics_abandon(void *request);
/* Writes the metrics for rpcd/rendered.h; rpcd is the context. */
void http_metrics_write(void *rpcd, const struct grant *, int64_t now, struct buf *);
/* health.c */
enum role http_health_needs(const struct http_endpoint *);
void http_health_alive(struct http_request *);
void http_health_ready(struct http_request *);
void http_health_abandon(void *request);
/* rpc.c */
void http_rpc_answer(struct http_request *);
void http_rpc_abandon(void *request);
/* log_tail.c */
void http_log_tail_answer(struct http_request *);
void http_log_tail_abandon(void *request);
/* events.c */
void http_events_answer(struct http_request *);
void http_events_abandon(void *request);

#endif
