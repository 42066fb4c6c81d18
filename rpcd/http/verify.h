/* Verify: asks the master whether credentials are right that may belong to a slow hash. The
 * requests with the same credentials wait together; the number of different ones that a
 * listener waits for is bounded. */
#ifndef RPCD_HTTP_VERIFY_H
#define RPCD_HTTP_VERIFY_H

#include "rpcd/http/access.h"
#include "rpcd/http/request.h"

#define HTTP_VERIFY_MAX 8        /* of a listener */
#define HTTP_VERIFY_AN_ADDRESS 4 /* of them */
#define HTTP_VERIFY_TRIES 3      /* when the users change in between */

/* Suspends the request until its credentials (taken) are verified; then `verified` is true,
 * and either the caller is identified, or auth_failed or status is set. 0, or -1: too many
 * wait. */
NODISCARD int http_verify(struct http_request *, struct access_given *);
/* The request ends: it waits no longer. The master's answer still counts. */
void http_verify_abandon(void *request);
/* Answers all requests that wait with status 503, and drops the master's answers. */
void http_verify_end(struct http_endpoint *);

#endif
