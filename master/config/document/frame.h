/* Frame: the bytes of a document. A frame is the length of all that follows it, a
 * kind, and fields of text, each with its length and a NUL behind it. Numbers are 32 bits
 * in the machine's order: both ends are one program. */
#ifndef MASTER_CONFIG_DOCUMENT_FRAME_H
#define MASTER_CONFIG_DOCUMENT_FRAME_H

#include "common/buf.h"
#include "common/compiler.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONF_FRAME_MAX (4 * 1024 * 1024) /* bytes of one frame */

/* Begins a frame at the end of the buffer; its mark for conf_frame_end. Writers end the
 * program when memory is short. */
size_t conf_frame_begin(struct buf *, uint32_t kind);
/* A field is begun and ended around what is appended to the buffer, or put as a whole. */
size_t conf_frame_field(struct buf *);
void conf_frame_field_end(struct buf *, size_t mark);
void conf_frame_put(struct buf *, const char *text);
/* 0, or -1 when the frame is too long; it has been taken back. */
NODISCARD int conf_frame_end(struct buf *, size_t mark);

/* A frame that is read; all is borrowed from the bytes. */
struct conf_frame {
	uint32_t kind;
	const char *at, *end; /* the fields that are left */
};

/* The first frame of the n bytes. Its length with all, 0 when it is not complete yet, or -1
 * when it is none. */
NODISCARD ssize_t conf_frame_read(const char *bytes, size_t n, struct conf_frame *);
/* The next field with its length, or NULL: at the end (at == end), or malformed. */
const char *conf_frame_next(struct conf_frame *, size_t *n);

#endif
