/* Writer: writes the values of replies in the client's format, XML-RPC or JSON-RPC, so that
 * each handler is written once. Values are written piece by piece; running out of memory
 * ends the program. */
#ifndef RPCD_METHODS_WRITER_H
#define RPCD_METHODS_WRITER_H

#include "common/buf.h"
#include "proto/fault.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WRITER_ESCAPED 6 /* bytes of one escaped byte in any format, at most */

/* What consists of other values or of text. */
enum writer_part {
	WRITER_STRING,	/* its text is written by writer_escape */
	WRITER_ARRAY,
	WRITER_STRUCT,
	WRITER_PARTS
};

/* A format. `id` is JSON text and only for JSON-RPC. */
struct writer_format {
	const char *type; /* Content-Type of a reply */
	bool has_id;      /* each reply has the id that the client has sent */
	unsigned escaped; /* bytes of one escaped byte, at most */
	/* A reply with one value in between. */
	void (*reply_open)(struct buf *, const char *id);
	void (*reply_close)(struct buf *);
	void (*reply_fault)(struct buf *, const char *id, int code, const char *text);
	void (*open)(struct buf *, enum writer_part);
	void (*close)(struct buf *, enum writer_part);
	/* One value in between is a member of a struct. */
	void (*member_open)(struct buf *, const char *name);
	void (*member_close)(struct buf *);
	size_t (*escape)(struct buf *, const char *bytes, size_t n, bool last);
	void (*string)(struct buf *, const char *);
	void (*number)(struct buf *, int64_t);
	void (*truth)(struct buf *, bool);
	void (*json)(struct buf *, const json_t *);
	void (*values)(struct buf *, const char *values, size_t n);
	/* Whole members, whose names need no escapes. An int has all its digits, also
	 * beyond 32 bits; such a number is a double in XML-RPC. */
	void (*member_string)(struct buf *, const char *name, const char *value);
	void (*member_int)(struct buf *, const char *name, int64_t value);
	void (*member_number)(struct buf *, const char *name, int64_t value);
};

extern const struct writer_format writer_xml, writer_json;

/* Where to write, valid as long as the buf is. */
struct writer {
	const struct writer_format *format;
	struct buf *out;
};

static inline void
writer_open(const struct writer *w, enum writer_part part)
{
	w->format->open(w->out, part);
}

static inline void
writer_close(const struct writer *w, enum writer_part part)
{
	w->format->close(w->out, part);
}

static inline void
writer_member_open(const struct writer *w, const char *name)
{
	w->format->member_open(w->out, name);
}

static inline void
writer_member_close(const struct writer *w)
{
	w->format->member_close(w->out);
}

static inline void
writer_string(const struct writer *w, const char *s)
{
	w->format->string(w->out, s);
}

static inline void
writer_int(const struct writer *w, int64_t number)
{
	w->format->number(w->out, number);
}

static inline void
writer_bool(const struct writer *w, bool truth)
{
	w->format->truth(w->out, truth);
}

/* In XML-RPC, null is written as "". */
static inline void
writer_json_value(const struct writer *w, const json_t *value)
{
	w->format->json(w->out, value);
}

static inline void
writer_member_string(const struct writer *w, const char *name, const char *value)
{
	w->format->member_string(w->out, name, value);
}

static inline void
writer_member_int(const struct writer *w, const char *name, int64_t value)
{
	w->format->member_int(w->out, name, value);
}

static inline void
writer_member_number(const struct writer *w, const char *name, int64_t value)
{
	w->format->member_number(w->out, name, value);
}

/* An element of a multicall. text: "BAD_NAME: x". */
void writer_fault(const struct writer *, enum fault, const char *text);
/* Appends one or several values that are already in the format. */
void writer_values(const struct writer *, const char *values, size_t n);

#endif
