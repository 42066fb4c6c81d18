/* Template: a file of rpcd/ui with places "{{name}}" that are filled in. */
#ifndef RPCD_PAGES_TEMPLATE_H
#define RPCD_PAGES_TEMPLATE_H

#include "common/buf.h"

enum template_kind {
	TEMPLATE_TEXT,	/* escaped */
	TEMPLATE_URL,	/* a part of a query */
	TEMPLATE_HTML,	/* markup that was made by these functions */
};

/* What a place is filled with; text NULL = nothing. Borrowed. */
struct template_value {
	const char *name;
	enum template_kind kind;
	const char *text;
};

/* Appends the template. A place without a value stays empty. */
void template_fill(
    struct buf *, const char *source, const struct template_value *, size_t n);

#endif
