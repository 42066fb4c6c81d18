/* Parse: an XML-RPC request to a method name and JSON parameters, by expat, piece by piece.
 * Untrusted XML is validated here and nowhere else:
 * no DTD, UTF-8 whatever the declaration says, bounded depth, numbers of elements,
 * of their names and of attributes, and length of a tag.
 *
 * Strings, base64 and elements of unknown name become strings; int and i4 integers of 64
 * bits; double a real (NaN and infinities the text "nan", "inf", "-inf" in an object
 * {"double": …}, as JSON has none); nil and an empty element of unknown name null; a
 * dateTime {"dateTime.iso8601": text}. */
#ifndef RPCD_XMLRPC_PARSE_H
#define RPCD_XMLRPC_PARSE_H

#include "common/compiler.h"

#include <jansson.h>
#include <stddef.h>

#define XMLPARSE_DEPTH 64              /* nested elements */
#define XMLPARSE_ELEMENT_COST 128      /* bytes of memory, at most, behind one of them */
#define XMLPARSE_ELEMENTS (256 * 1024) /* elements of a document */
#define XMLPARSE_NAMES 64              /* element names of a document that mean nothing */
#define XMLPARSE_ATTRIBUTES 1024       /* attributes and namespaces of a document */

struct xmlparse;

/* New, with the hash salt of this one; NULL: one of the kernel's, before the sandbox. */
struct xmlparse *xmlparse_new(const struct xmlparse *like);
void xmlparse_free(struct xmlparse *);
/* Reads one document. 0 with *method new and *params a new array, or -1 with *why a static
 * text for the log. */
NODISCARD int xmlparse_call(struct xmlparse *, const char *body, size_t len, char **method,
    json_t **params, const char **why);
/* The same step by step. Begins with a document, borrowed until it is read or refused. */
void xmlparse_begin(struct xmlparse *, const char *body, size_t len);
/* Reads on for about so many bytes. 1 when the document is read, 0 when more of it is left,
 * -1 as xmlparse_call. */
NODISCARD int xmlparse_read(struct xmlparse *, size_t bytes, const char **why);
/* After 1: what was read, both new. */
void xmlparse_take(struct xmlparse *, char **method, json_t **params);
/* About how many bytes the document and its parameters take so far, however small their
 * elements. */
size_t xmlparse_cost(const struct xmlparse *);

#endif
