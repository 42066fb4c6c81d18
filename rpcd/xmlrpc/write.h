/* Write: writes values as XML-RPC in supervisord's layout, piece by piece, so that a large
 * result is never kept as a tree.
 *
 * The document is well-formed for any bytes of a string: bytes that are not UTF-8 or not
 * allowed in XML become U+FFFD. Running out of memory ends the program. */
#ifndef RPCD_XMLRPC_WRITE_H
#define RPCD_XMLRPC_WRITE_H

#include "common/buf.h"
#include "proto/fault.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XMLWRITE_ESCAPED 5 /* bytes of one escaped byte, at most */

/* Appends n bytes as character data. Returns the number of bytes written: all when `last`,
 * else up to three fewer, because a UTF-8 sequence is not cut. */
size_t xmlwrite_escape(struct buf *, const char *bytes, size_t n, bool last);

/* Appends text that is already XML. */
void xmlwrite_raw(struct buf *, const char *xml, size_t n);

/* The elements around values. */
enum xmlwrite_part {
	XMLWRITE_REPLY,		/* a document with one result value */
	XMLWRITE_FAULT,		/* a document with one fault */
	XMLWRITE_STRING,	/* a value whose text is written by xmlwrite_escape */
	XMLWRITE_ARRAY,
	XMLWRITE_STRUCT,
	XMLWRITE_MEMBER,	/* one value; opened by xmlwrite_member_open */
};

void xmlwrite_open(struct buf *, enum xmlwrite_part);
void xmlwrite_close(struct buf *, enum xmlwrite_part);
void xmlwrite_member_open(struct buf *, const char *name);

/* Values, each a line or more: "<value>…</value>\n". */
void xmlwrite_string(struct buf *, const char *s);
void xmlwrite_int(struct buf *, int64_t); /* all digits, also beyond 32 bits */
void xmlwrite_bool(struct buf *, bool);
void xmlwrite_json(struct buf *, const json_t *); /* null is written as "" */
/* text: "BAD_NAME: x". For an element of a multicall, or within XMLWRITE_FAULT. */
void xmlwrite_fault(struct buf *, enum fault, const char *text);

/* A whole member, whose name needs no escapes. */
void xmlwrite_member_string(struct buf *, const char *name, const char *value);
void xmlwrite_member_int(struct buf *, const char *name, int64_t value);
/* An int, or a double when the value needs more than 32 bits. */
void xmlwrite_member_number(struct buf *, const char *name, int64_t value);

#endif
