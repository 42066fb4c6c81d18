/* Write: writes values as JSON, piece by piece, so that a large result is never kept as a
 * tree. A comma is written where the bytes before a value need one, so that a value can be
 * appended to any text that is complete so far.
 *
 * The text is UTF-8 for any bytes of a string: bytes that are not become U+FFFD; control
 * characters are kept. Running out of memory ends the program. */
#ifndef RPCD_JSON_WRITE_H
#define RPCD_JSON_WRITE_H

#include "common/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSONWRITE_ESCAPED 6 /* bytes of one escaped byte, at most */

/* Appends n bytes as text of a string. Returns the number of bytes written: all when
 * `last`, else up to three fewer, because a UTF-8 sequence is not cut. */
size_t jsonwrite_escape(struct buf *, const char *bytes, size_t n, bool last);
/* Appends n > 0 bytes of JSON: of a value that has begun, or one or several values. */
void jsonwrite_raw(struct buf *, const char *json, size_t n);
void jsonwrite_values(struct buf *, const char *json, size_t n);

/* Opens an array, an object or a string ('[', '{' or '"'). */
void jsonwrite_open(struct buf *, char bracket);
/* Appends "name": with escapes. */
void jsonwrite_name(struct buf *, const char *name);

/* Values. */
void jsonwrite_string(struct buf *, const char *s);
void jsonwrite_number(struct buf *, int64_t);
void jsonwrite_bool(struct buf *, bool);
void jsonwrite_value(struct buf *, const json_t *);

/* A whole member, whose name needs no escapes. */
void jsonwrite_member_string(struct buf *, const char *name, const char *value);
void jsonwrite_member_number(struct buf *, const char *name, int64_t value);

#endif
