/* Page: replies as libmicrohttpd's responses, and the pages of HTTP errors. */
#ifndef RPCD_HTTP_PAGE_H
#define RPCD_HTTP_PAGE_H

#include "rpcd/methods/reply.h"

#include <microhttpd.h>
#include <stdint.h>

#define HTTP_PAGE_BLOCK 32768 /* bytes made at once of an answer that is streamed */

/* New: the page of an error, with its status's own headers; NULL without memory. *bytes is
 * the page's length. */
struct MHD_Response *http_page_error(int status, int64_t *bytes);
/* New: the reply's document, or the error page of its status; its content is taken, also on
 * failure (NULL). *bytes is its length, -1 of a stream. */
struct MHD_Response *http_page_reply(struct reply *, int64_t *bytes);
/* Adds a header, or frees the response and returns NULL. NULL is fine. */
struct MHD_Response *http_page_header(
    struct MHD_Response *, const char *name, const char *value);
/* The same for those that every answer has. */
struct MHD_Response *http_page_headers(struct MHD_Response *, const char *type);

#endif
