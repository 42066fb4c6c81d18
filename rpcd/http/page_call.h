/* Page call: method calls that a page needs before it can be written. They are checked and
 * answered as those of any client. */
#ifndef RPCD_HTTP_PAGE_CALL_H
#define RPCD_HTTP_PAGE_CALL_H

#include "rpcd/http/request.h"

#include <jansson.h>

/* Makes the answer: results has the result of each call, or an object with faultCode and
 * faultString. Borrowed. */
typedef void page_call_done_fn(struct http_request *, void *ctx, const json_t *results);

/* Begins the calls, an array of objects with methodName and params, taken. Suspends the
 * request until they have ended, unless done is called before it returns. ctx is freed by
 * free_ctx in any case. What has begun continues when the client leaves, so that a restart
 * does not end with the stop. */
void page_call_begin(struct http_request *, json_t *calls_take, page_call_done_fn *done,
    void *ctx, void (*free_ctx)(void *));
/* The client has left. */
void page_call_abandon(void *request);

#endif
