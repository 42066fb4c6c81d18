/* Page: makes responses for libmicrohttpd from replies and HTTP errors. */
#ifndef RPCD_HTTP_PAGE_H
#define RPCD_HTTP_PAGE_H

#include "rpcd/methods/reply.h"

#include <microhttpd.h>
#include <stdint.h>

#define HTTP_PAGE_BLOCK 32768 /* bytes of a stream that are made at once */

/* The statuses of errors that reeve-rpcd sends; 0 = any other one. */
#define HTTP_ERRORS 10
extern const int http_page_errors[HTTP_ERRORS];
/* New: the page of an HTTP error with the headers of its status, or NULL with ENOMEM.
 * *bytes is the length of the page. */
struct MHD_Response *http_page_error(int status, const char *remedy, int64_t *bytes);
/* The same for the 401 of a script: with a scheme that no browser has, which therefore does
 * not ask its user for a password while the script waits. */
struct MHD_Response *http_page_unasked(struct MHD_Response *);
/* New: the text of the reply, or the error page of its status, or NULL with ENOMEM. Takes
 * the content, also on failure. *bytes is the length, -1 for a stream. */
struct MHD_Response *http_page_reply(struct reply *, int64_t *bytes);
/* Adds a header, or frees the response and returns NULL. A response NULL is allowed. */
struct MHD_Response *http_page_header(
    struct MHD_Response *, const char *name, const char *value);
/* The same for the headers of a page or of a file that it uses: it is not kept, loads only
 * what this server has, runs no scripts of its text, and no other page can embed it. */
struct MHD_Response *http_page_secure(struct MHD_Response *);
/* The same for a file that browsers keep, because its URL changes with it. */
struct MHD_Response *http_page_secure_kept(struct MHD_Response *);
/* The same for the headers of every answer. */
struct MHD_Response *http_page_headers(struct MHD_Response *, const char *type);

#endif
