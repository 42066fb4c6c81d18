/* Page: what goes out: replies as libmicrohttpd's responses, and the pages of HTTP
 * errors. */
#ifndef RPCD_HTTP_PAGE_H
#define RPCD_HTTP_PAGE_H

#include "common/compiler.h"
#include "rpcd/methods/call.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* "Bad Request"; "Unknown" for a status that we never send. */
const char *http_page_reason(int status);
/* New: the page of an error, with its status's own headers; NULL without memory. *bytes is
 * the page's length. */
struct MHD_Response *http_page_error(int status, int64_t *bytes);
/* New: the reply's document, or the error page of its status; its content is taken, also on
 * failure (NULL). *bytes is its length, -1 of a stream. */
struct MHD_Response *http_page_reply(struct reply *, int64_t *bytes);
/* New: a text that is read while it is sent and whose end nobody knows. at_once: a proxy
 * shall pass on what comes. NULL without memory. */
struct MHD_Response *http_page_growing(
    MHD_ContentReaderCallback, void *ctx, time_t changed, bool at_once);
/* Announces that the connection ends after this response. 0 or -1. */
NODISCARD int http_page_close(struct MHD_Response *);

#endif
