/* Scan: cuts an XML document into pieces for the parser and bounds the length of each tag,
 * reference, comment and instruction. A piece ends at the end of a token, because expat
 * reads an incomplete token again from its beginning with every piece. */
#ifndef RPCD_XMLRPC_SCAN_H
#define RPCD_XMLRPC_SCAN_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#define XMLSCAN_PIECE (16 * 1024)       /* bytes, without the rest of the last token */
#define XMLSCAN_TAG_MAX 1024            /* bytes of a tag or a reference */
#define XMLSCAN_COMMENT_MAX (64 * 1024) /* bytes of a comment or an instruction */

struct xmlscan {
	const char *text; /* borrowed */
	size_t len;
	size_t at;    /* where the next piece begins */
	size_t depth; /* open elements at that place */
	bool in_cdata;
};

void xmlscan_init(struct xmlscan *, const char *text, size_t len);
/* The length of the next piece, which begins at the scan->at from before the call; 0 at the
 * end of the document, or with *why (static text, else NULL) when it is refused. */
size_t xmlscan_next(struct xmlscan *, const char **why);

#endif
