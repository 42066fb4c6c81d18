/* Scan: cuts an XML document into pieces for the parser, and bounds the length of each
 * tag, reference, comment and instruction. A piece ends where a token ends, because expat
 * reads a token that is not complete again from its beginning with every piece. */
#ifndef RPCD_XMLRPC_SCAN_H
#define RPCD_XMLRPC_SCAN_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#define XMLSCAN_PIECE (16 * 1024)       /* bytes, and the rest of the last token */
#define XMLSCAN_TAG_MAX 1024            /* bytes of a tag or a reference */
#define XMLSCAN_COMMENT_MAX (64 * 1024) /* bytes of a comment or an instruction */

struct xmlscan {
	const char *text; /* borrowed */
	size_t len;
	size_t at;    /* begin of the next piece */
	size_t depth; /* elements open there */
	bool in_cdata;
};

void xmlscan_init(struct xmlscan *, const char *text, size_t len);
/* Length of the next piece, which begins at scan->at before the call; 0 at the end, or with
 * *why (a static text, else NULL) where the document is refused. */
size_t xmlscan_next(struct xmlscan *, const char **why);

#endif
