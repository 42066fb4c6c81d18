/* Buf: a growable byte queue with a hard maximum. */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include "common/compiler.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

struct buf {
	char *data;        /* owned */
	size_t start;      /* first byte not yet consumed */
	size_t len;        /* bytes from start on */
	size_t cap;        /* bytes allocated */
	size_t max : 63;   /* len never exceeds this; 0 = no limit */
	size_t secret : 1; /* its memory is overwritten before it is released */
};

void buf_init(struct buf *, size_t max);
/* Releases the memory and empties the buf; keeps max and secret. */
void buf_clear(struct buf *);
/* First unconsumed byte; valid until the next call that changes the buf. */
static inline char *
buf_data(const struct buf *b)
{
	return b->data == NULL ? NULL : b->data + b->start;
}

static inline size_t
buf_len(const struct buf *b)
{
	return b->len;
}

/* The append functions return 0, or -1 with ENOBUFS (more than max) or ENOMEM and nothing
 * appended. */
NODISCARD int buf_append(struct buf *, const void *bytes, size_t n);
NODISCARD int buf_putc(struct buf *, char c);
NODISCARD int buf_printf(struct buf *, const char *fmt, ...) PRINTF_LIKE(2, 3);

NODISCARD static inline int
buf_puts(struct buf *b, const char *s)
{
	return buf_append(b, s, strlen(s));
}

/* Returns the address of n free bytes behind the content, or NULL with errno as above;
 * buf_commit adds the bytes that were written there. */
NODISCARD char *buf_reserve(struct buf *, size_t n);
static inline void
buf_commit(struct buf *b, size_t n)
{
	b->len += n;
}

/* Drops n bytes from the front; an empty buf larger than 64 KiB releases its memory. */
void buf_consume(struct buf *, size_t n);
/* New NUL-terminated copy of the content; the buf is cleared. NULL with ENOMEM. */
char *buf_steal(struct buf *);
/* The memory of a buf of which nothing was consumed, with its unused bytes and without a
 * NUL, or NULL; owned by the caller. The buf is cleared. */
char *buf_take(struct buf *);

#endif
