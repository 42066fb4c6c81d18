/* Html: writes HTML. Texts are hostile: names and logs may contain any characters. */
#ifndef RPCD_PAGES_HTML_H
#define RPCD_PAGES_HTML_H

#include "common/buf.h"

#include <stddef.h>

/* Appends markup as it is. All functions end the program when memory runs out. */
void html_raw(struct buf *, const char *markup);
/* Appends a text for an element or a quoted attribute. Control characters, except for tab
 * and newline, and bytes that are not UTF-8 become U+FFFD. */
void html_text(struct buf *, const char *text);
void html_bytes(struct buf *, const char *text, size_t n);
/* Appends a text as a part of a URL's query. */
void html_url(struct buf *, const char *text);
/* Appends a space and an attribute with its value. */
void html_attribute(struct buf *, const char *name, const char *value);
/* New: the text of the buf, which is empty then. */
char *html_take(struct buf *);

#endif
