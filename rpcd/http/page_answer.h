/* Page answer: sends a page whose text several users may share, with the token of the user
 * in its place, and checks the token of a form. */
#ifndef RPCD_HTTP_PAGE_ANSWER_H
#define RPCD_HTTP_PAGE_ANSWER_H

#include "rpcd/http/request.h"
#include "rpcd/pages/view.h"
#include "rpcd/shared_buffer.h"

#include <stdbool.h>

/* What pages show the caller now. The mirror has all that any client may know. */
void page_answer_view(struct http_request *, struct view *);
/* Sets the answer; takes the reference. */
void page_answer_shared(struct http_request *, int status, struct shared_buffer *);
/* The same with a text for this request; takes the content. */
void page_answer_text(struct http_request *, int status, struct buf *);
/* Sets an answer that sends the browser to another page, relative to this one. */
void page_answer_redirect(struct http_request *, const char *location);
/* Whether the token was made for this user of this listener. */
bool page_answer_has_token(const struct http_request *, const char *token);
/* A parameter of the query, the first of its name, borrowed; "" when there is none. */
const char *page_answer_query(const struct http_request *, const char *name);

#endif
