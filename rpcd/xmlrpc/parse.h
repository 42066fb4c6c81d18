/* Parse: reads an XML-RPC request, piece by piece with expat, into a method name and JSON
 * parameters. All untrusted XML is validated here: no DTD; UTF-8, whatever the declaration
 * says; limits for depth, elements, names of elements, attributes and the length of a tag.
 *
 * Strings, base64 and unknown elements become strings; int and i4 become integers of 64
 * bits; double becomes a real, or for NaN and the infinities, which JSON lacks, {"double":
 * "nan"}, "inf" or "-inf"; nil and an empty unknown element become null; a dateTime becomes
 * {"dateTime.iso8601": text}. */
#ifndef RPCD_XMLRPC_PARSE_H
#define RPCD_XMLRPC_PARSE_H

#include "common/compiler.h"

#include <jansson.h>
#include <stddef.h>

#define XMLPARSE_DEPTH 64              /* nested elements */
#define XMLPARSE_ELEMENT_COST 128      /* bytes of memory for an element, at most */
#define XMLPARSE_ELEMENTS (256 * 1024) /* elements of a document */
#define XMLPARSE_NAMES 64              /* different unknown elements of a document */
#define XMLPARSE_ATTRIBUTES 1024       /* attributes and namespaces of a document */

struct xmlparse;

/* New, with the hash salt of `like`, or a random one for NULL (only before the sandbox). */
struct xmlparse *xmlparse_new(const struct xmlparse *like);
void xmlparse_free(struct xmlparse *);
/* Reads one document. 0 with *method new and *params a new array, or -1 with *why a static
 * text for the log. */
NODISCARD int xmlparse_call(struct xmlparse *, const char *body, size_t len, char **method,
    json_t **params, const char **why);
/* The same in steps. Begins a document, borrowed until it is read or refused. */
void xmlparse_begin(struct xmlparse *, const char *body, size_t len);
/* Reads about so many bytes more. 1 when the document is complete, 0 when more is left, -1
 * as xmlparse_call. */
NODISCARD int xmlparse_read(struct xmlparse *, size_t bytes, const char **why);
/* After xmlparse_read has returned 1: the results, both new. */
void xmlparse_take(struct xmlparse *, char **method, json_t **params);
/* An upper estimate of the memory of the document and its parameters so far, in bytes. */
size_t xmlparse_cost(const struct xmlparse *);

#endif
