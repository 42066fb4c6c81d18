#include "common/buf.h"

#include "common/fail.h"
#include "common/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_MIN 256
#define BUF_KEEP 65536 /* an emptied buf keeps no more than this */

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_clear(struct buf *b)
{
	size_t secret = b->secret;

	if (b->secret)
		mem_wipe(b->data, b->cap);
	free(b->data);
	buf_init(b, b->max);
	b->secret = secret;
}

/* Adds half of what is needed, so that a long queue is not copied for every few bytes.
 * realloc can remap a large block without copying it. */
static int
buf_grow(struct buf *b, size_t need)
{
	bool moves = b->start > 0 || b->secret;
	size_t cap = BUF_MIN;
	char *data;

	while (cap < need + need / 2)
		cap *= 2;
	data = moves ? malloc(cap) : realloc(b->data, cap);
	if (data == NULL)
		return -1;
	if (moves && b->data != NULL) {
		memcpy(data, b->data + b->start, b->len);
		if (b->secret)
			mem_wipe(b->data, b->cap);
		free(b->data);
	}
	b->data = data;
	b->start = 0;
	b->cap = cap;
	return 0;
}

/* Returns the address of n free bytes, and of `spare` more for a NUL, which do not count
 * towards max. Consumed bytes are reused once they are as many as the content, so that each
 * byte moves at most once. */
static char *
buf_space(struct buf *b, size_t n, size_t spare)
{
	size_t need = b->len + n + spare;

	if (b->max > 0 && n > b->max - b->len)
		return fail_null(ENOBUFS);
	if (n > SIZE_MAX / 4 - b->len)
		return fail_null(ENOMEM);
	if (b->data != NULL && b->cap - b->start >= need)
		return b->data + b->start + b->len;
	if (b->data != NULL && need <= b->cap && b->start >= b->len) {
		memmove(b->data, b->data + b->start, b->len);
		if (b->secret)
			mem_wipe(b->data + b->start, b->len);
		b->start = 0;
	} else if (buf_grow(b, need) == -1) {
		return NULL;
	}
	return b->data + b->start + b->len;
}

char *
buf_reserve(struct buf *b, size_t n)
{
	return buf_space(b, n, 0);
}

int
buf_append(struct buf *b, const void *bytes, size_t n)
{
	char *to;

	if (n == 0)
		return 0;
	to = buf_space(b, n, 0);
	if (to == NULL)
		return -1;
	memcpy(to, bytes, n);
	b->len += n;
	return 0;
}

int
buf_putc(struct buf *b, char c)
{
	return buf_append(b, &c, 1);
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	size_t spare = b->cap - b->start - b->len;
	va_list ap;
	char *to = spare > 0 ? b->data + b->start + b->len : NULL;
	int n;

	/* Most texts fit into the free space. */
	va_start(ap, fmt);
	n = vsnprintf(to, spare, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -1;
	if ((size_t)n < spare && (b->max == 0 || (size_t)n <= b->max - b->len)) {
		b->len += (size_t)n;
		return 0;
	}
	to = buf_space(b, (size_t)n, 1);
	if (to == NULL)
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return 0;
}

void
buf_consume(struct buf *b, size_t n)
{
	if (b->secret && b->data != NULL)
		mem_wipe(b->data + b->start, n < b->len ? n : b->len);
	if (n < b->len) {
		b->start += n;
		b->len -= n;
		return;
	}
	b->start = b->len = 0;
	if (b->cap > BUF_KEEP)
		buf_clear(b);
}

char *
buf_steal(struct buf *b)
{
	char *copy = b->start == 0 ? realloc(b->data, b->len + 1) : malloc(b->len + 1);

	if (copy == NULL)
		return NULL;
	if (b->start > 0) {
		memcpy(copy, b->data + b->start, b->len);
		if (b->secret)
			mem_wipe(b->data, b->cap);
		free(b->data);
	}
	copy[b->len] = '\0';
	buf_init(b, b->max);
	return copy;
}

char *
buf_take(struct buf *b)
{
	char *data = b->data;

	buf_init(b, b->max);
	return data;
}
