/* Xmlparse: an XML-RPC request to a method name and JSON parameters, by expat, as it
 * streams by (reference 1.8). What a stranger wrote is judged here and nowhere else:
 * no DTD, UTF-8 whatever the declaration says, bounded depth and number of elements.
 *
 * Strings, base64 and elements of unknown name become strings; int and i4 integers of 64
 * bits; double a real (NaN and infinities the text "nan", "inf", "-inf" in an object
 * {"double": …}, as JSON has none); nil and an empty element of unknown name null; a
 * dateTime {"dateTime.iso8601": text}. */
#ifndef RPCD_XMLPARSE_H
#define RPCD_XMLPARSE_H

#include "common/compiler.h"

#include <jansson.h>
#include <stddef.h>

#define XMLPARSE_DEPTH 64		/* nested elements */
#define XMLPARSE_ELEMENT_COST 128	/* bytes of memory, at most, behind one of them */
#define XMLPARSE_ELEMENTS (256 * 1024)	/* elements of a document */

struct xmlparse;

/* New, with a hash salt of the kernel's: call it before the sandbox. */
struct xmlparse *xmlparse_new(void);
void xmlparse_free(struct xmlparse *);
/* Reads one document. 0 with *method new and *params a new array, or -1 with *why a static
 * text for the log. */
NODISCARD int xmlparse_call(struct xmlparse *, const char *body, size_t len, char **method,
    json_t **params, const char **why);
/* About how many bytes the parameters read last take, however small their elements. */
size_t xmlparse_cost(const struct xmlparse *);

#endif
