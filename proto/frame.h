/* Frame: bytes ↔ one JSON object a line (reeve-protocol(7)). Caps are checked
 * on the bytes, before jansson sees them. */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include "common/buf.h"
#include "common/compiler.h"

#include <jansson.h>

#define FRAME_MAX (1024 * 1024) /* bytes of a line, its newline included */
#define FRAME_DEPTH 32          /* nesting of a frame */
#define FRAME_VALUES 65536      /* objects, arrays, members: a parsed one costs 90 bytes */
/* A frame to the master holds less, because parsing it delays all others: some 30 ns a byte
 * and a microsecond a value. */
#define FRAME_ASKED_MAX (256 * 1024)
#define FRAME_ASKED_VALUES 4096
#define FRAME_PART \
	(32 * 1024) /* bytes of a long string sent in one frame: escaped to
				 * six times its size it still fits such a frame */

enum frame_status {
	FRAME_NONE,	/* no whole line yet */
	FRAME_OK,
	FRAME_TOO_LONG,
	FRAME_MALFORMED,	/* not UTF-8, not JSON, too deep, too many values,
				 * duplicate keys, not an object */
};

struct frame_limits {
	size_t bytes; /* of a line, its newline included */
	unsigned values;
};

extern const struct frame_limits frame_limits, frame_limits_asked;

/* Takes the next whole line out of `in`. On FRAME_OK *object is new. On FRAME_MALFORMED and
 * FRAME_TOO_LONG *why is a static text for the log; malformed with ENOMEM means that it
 * could not be parsed for lack of memory. */
NODISCARD enum frame_status frame_next(
    struct buf *in, const struct frame_limits *, json_t **object, const char **why);
/* Appends the object as one line; 0, or -1 with EMSGSIZE (over FRAME_MAX), ENOBUFS, ENOMEM
 * or EINVAL (not serialisable); then nothing was added. */
NODISCARD int frame_write(struct buf *out, const json_t *object);
/* The same of an object in two pieces: its text up to the last member's value, and that. */
NODISCARD int frame_write_headed(struct buf *out, const char *head, const json_t *value);

#endif
