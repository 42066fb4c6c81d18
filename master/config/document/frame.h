/* Frame: the bytes of a document. A frame is the length of all that follows, a kind, and
 * fields. A field is the length of its bytes, the bytes, and a NUL. Numbers are 32 bits in
 * the machine's order, because the same program writes and reads them. */
#ifndef MASTER_CONFIG_DOCUMENT_FRAME_H
#define MASTER_CONFIG_DOCUMENT_FRAME_H

#include "common/buf.h"
#include "common/compiler.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONF_FRAME_MAX (4 * 1024 * 1024) /* bytes of one frame */

/* Begins a frame at the end of the buffer; returns its mark for conf_frame_end. Writing
 * ends the program when memory is short. */
size_t conf_frame_begin(struct buf *, uint32_t kind);
/* Begin and end a field, whose bytes are appended to the buffer in between; or put all. */
size_t conf_frame_field(struct buf *);
void conf_frame_field_end(struct buf *, size_t mark);
void conf_frame_put(struct buf *, const char *text);
/* 0, or -1 when the frame is too long; then it is removed from the buffer. */
NODISCARD int conf_frame_end(struct buf *, size_t mark);

/* A frame that was read. Borrowed from its bytes. */
struct conf_frame {
	uint32_t kind;
	const char *at, *end; /* the fields not read yet */
};

/* Reads the first frame of the n bytes. Returns the number of its bytes, 0 when it is not
 * complete yet, or -1 when it is malformed. */
NODISCARD ssize_t conf_frame_read(const char *bytes, size_t n, struct conf_frame *);
/* The next field and its length; NULL at the end (at == end) or when it is malformed.
 * Borrowed. */
const char *conf_frame_next(struct conf_frame *, size_t *n);

#endif
