/* Frame: one JSON object per line (reeve-protocol(7)). The limits are checked on the bytes,
 * before jansson parses them. */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include "common/buf.h"
#include "common/compiler.h"

#include <jansson.h>
#include <stdbool.h>

#define FRAME_MAX (1024 * 1024) /* bytes of a line with its newline */
#define FRAME_DEPTH 32          /* levels of nesting */
#define FRAME_VALUES 65536      /* values and members; each takes 90 bytes when parsed */
/* Limits of a frame to the master. They are lower because parsing delays all other work: it
 * takes about 30 ns a byte and 1 µs a value. */
#define FRAME_REQUEST_MAX (256 * 1024)
#define FRAME_REQUEST_VALUES 4096
/* Bytes of a long string in one frame to the master: they fit even when escapes make them
 * six times as long. */
#define FRAME_PART (32 * 1024)

enum frame_status {
	FRAME_NONE,	/* no complete line yet */
	FRAME_OK,
	FRAME_TOO_LONG,
	FRAME_MALFORMED,	/* not UTF-8, not JSON, too deep, too many values,
				 * duplicate keys, not an object */
};

struct frame_limits {
	size_t bytes; /* of a line with its newline */
	unsigned values;
};

extern const struct frame_limits frame_limits, frame_limits_request; /* to the master */

/* Removes the next complete line from `in`. On FRAME_OK *object is new. On FRAME_MALFORMED
 * and FRAME_TOO_LONG *why is a static text for the log; FRAME_MALFORMED with ENOMEM means
 * that memory ran out while parsing. */
NODISCARD enum frame_status frame_next(
    struct buf *in, const struct frame_limits *, json_t **object, const char **why);
/* Whether a line can be received with these limits. */
bool frame_fits(const char *line, size_t n, const struct frame_limits *);
/* Appends one line: an object, or with a head (else NULL) the head, the value and "}". The
 * head is the text of an object up to its last member's value. 0, or -1 with errno and
 * nothing added: EMSGSIZE (over frame_limits), ENOBUFS, ENOMEM, EINVAL (not
 * serialisable). */
NODISCARD int frame_write(struct buf *out, const char *head, const json_t *value);
/* Drops the reference, and wipes the texts that nothing else refers to: some are
 * passwords. NULL is fine. */
void frame_forget(json_t *value_take);

#endif
