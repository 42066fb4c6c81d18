/* Write: values to XML-RPC text in supervisord's layout, appended
 * piece by piece, so that a large result is written once and never kept as a tree.
 *
 * Whatever the bytes of a string are, the document stays well-formed: what is not UTF-8
 * or not allowed in XML becomes U+FFFD. Running out of memory ends the program. */
#ifndef RPCD_XMLRPC_WRITE_H
#define RPCD_XMLRPC_WRITE_H

#include "common/buf.h"
#include "proto/fault.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XMLWRITE_ESCAPED 5 /* bytes, at most, of one escaped byte */

/* Appends n bytes as character data and returns how many were taken: all of them when
 * `last`, else up to three fewer, so as not to cut a UTF-8 sequence. */
size_t xmlwrite_escape(struct buf *, const char *bytes, size_t n, bool last);

/* Appends what is XML already. */
void xmlwrite_raw(struct buf *, const char *xml, size_t n);

/* What surrounds values. */
enum xmlwrite_part {
	XMLWRITE_REPLY,		/* a document with one result value */
	XMLWRITE_FAULT,		/* a document with one fault */
	XMLWRITE_STRING,	/* a value whose text comes by xmlwrite_escape */
	XMLWRITE_ARRAY,
	XMLWRITE_STRUCT,
	XMLWRITE_MEMBER,	/* opened by xmlwrite_member_open; one value */
};

void xmlwrite_open(struct buf *, enum xmlwrite_part);
void xmlwrite_close(struct buf *, enum xmlwrite_part);
void xmlwrite_member_open(struct buf *, const char *name);

/* Values, each a line or more: "<value>…</value>\n". */
void xmlwrite_string(struct buf *, const char *s);
void xmlwrite_int(struct buf *, int64_t); /* in full, past 32 bits as well */
void xmlwrite_bool(struct buf *, bool);
void xmlwrite_json(struct buf *, const json_t *); /* null is written as "" */
/* text: "BAD_NAME: x". An element of a multicall, or within XMLWRITE_FAULT. */
void xmlwrite_fault(struct buf *, enum fault, const char *text);

/* A whole member, whose name is plain. */
void xmlwrite_member_string(struct buf *, const char *name, const char *value);
void xmlwrite_member_int(struct buf *, const char *name, int64_t value);
/* An int, or a double when 32 bits do not hold the value. */
void xmlwrite_member_number(struct buf *, const char *name, int64_t value);

#endif
