#include "master/config/document/frame.h"

#include "common/mem.h"

#include <string.h>

#define WORD sizeof(uint32_t)

/* Appends a length of 0, to be set by frame_measure; returns its mark. */
static size_t
frame_mark(struct buf *out)
{
	const uint32_t none = 0;
	size_t mark = buf_len(out);

	mem_must(buf_append(out, &none, WORD));
	return mark;
}

/* Sets the length at the mark to the number of bytes after it, and returns that. */
static size_t
frame_measure(struct buf *out, size_t mark)
{
	size_t n = buf_len(out) - mark - WORD;
	uint32_t length = n > CONF_FRAME_MAX ? UINT32_MAX : (uint32_t)n;

	memcpy(buf_data(out) + mark, &length, WORD);
	return n;
}

size_t
conf_frame_begin(struct buf *out, uint32_t kind)
{
	size_t mark = frame_mark(out);

	mem_must(buf_append(out, &kind, WORD));
	return mark;
}

size_t
conf_frame_field(struct buf *out)
{
	return frame_mark(out);
}

void
conf_frame_field_end(struct buf *out, size_t mark)
{
	frame_measure(out, mark);
	mem_must(buf_putc(out, '\0'));
}

void
conf_frame_put(struct buf *out, const char *text)
{
	size_t mark = frame_mark(out);

	mem_must(buf_puts(out, text));
	conf_frame_field_end(out, mark);
}

int
conf_frame_end(struct buf *out, size_t mark)
{
	if (frame_measure(out, mark) <= CONF_FRAME_MAX)
		return 0;
	out->len = mark;
	return -1;
}

ssize_t
conf_frame_read(const char *bytes, size_t n, struct conf_frame *frame)
{
	uint32_t length;

	if (n < WORD)
		return 0;
	memcpy(&length, bytes, WORD);
	if (length < WORD || length > CONF_FRAME_MAX)
		return -1;
	if (n - WORD < length)
		return 0;
	memcpy(&frame->kind, bytes + WORD, WORD);
	frame->at = bytes + 2 * WORD;
	frame->end = bytes + WORD + length;
	return (ssize_t)(WORD + length);
}

const char *
conf_frame_next(struct conf_frame *frame, size_t *n)
{
	size_t left = (size_t)(frame->end - frame->at);
	const char *text = frame->at + WORD;
	uint32_t length;

	if (left <= WORD)
		return NULL;
	memcpy(&length, frame->at, WORD);
	if (length >= left - WORD || memchr(text + length, '\0', 1) == NULL)
		return NULL;
	*n = length;
	frame->at = text + length + 1;
	return text;
}
