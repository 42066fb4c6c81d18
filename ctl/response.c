#include "ctl/response.h"

#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
response_init(struct response *r)
{
	*r = (struct response){ .part = PART_STATUS };
	buf_init(&r->in, 0);
}

void
response_clear(struct response *r)
{
	buf_clear(&r->in);
	mem_freep(&r->status);
}

char *
response_room(struct response *r, size_t n)
{
	return buf_reserve(&r->in, n);
}

void
response_came(struct response *r, size_t n)
{
	buf_commit(&r->in, n);
	r->ended = r->ended || n == 0;
}

/* --- lines --- */

static int
broken(void)
{
	errno = EPROTO;
	return -1;
}

/* New: the next line without its end, or NULL with errno. */
static char *
line(struct response *r)
{
	char *start = buf_data(&r->in), *text;
	size_t have = buf_len(&r->in), n;
	const char *end = have > 0 ? memchr(start, '\n', have) : NULL;

	if (end == NULL) {
		errno = r->ended || have > RESPONSE_LINE_MAX ? EPROTO : EAGAIN;
		return NULL;
	}
	n = (size_t)(end - start);
	text = xstrndup(start, n > 0 && end[-1] == '\r' ? n - 1 : n);
	buf_consume(&r->in, n + 1);
	return text;
}

static bool
number(const char *text, int base, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, base);
	return end != text && errno == 0;
}

/* --- the head --- */

static bool
header(struct response *r, char *text)
{
	char *value = strchr(text, ':');

	if (value == NULL)
		return true;
	*value++ = '\0';
	value = str_strip(value);
	if (strcasecmp(text, "Transfer-Encoding") == 0) {
		r->body = PART_CHUNK_SIZE;
		return strcasecmp(value, "chunked") == 0;
	}
	if (strcasecmp(text, "Content-Length") == 0 && r->body == PART_TO_EOF) {
		r->body = PART_LENGTH;
		return number(value, 10, &r->left);
	}
	return true;
}

static bool
status_line(struct response *r, const char *text)
{
	uint64_t code;

	if (!str_starts(text, "HTTP/1.") || strchr(text, ' ') == NULL ||
	    !number(strchr(text, ' '), 10, &code) || code > 999)
		return false;
	free(r->status);
	r->status = xstrdup(strchr(text, ' ') + 1);
	r->code = (int)code;
	r->part = PART_HEADER;
	r->body = PART_TO_EOF;
	return true;
}

/* The empty line after the headers; false when there have been too many heads. */
static bool
head_end(struct response *r)
{
	r->head_bytes = 0;
	r->part = r->code / 100 == 1 ? PART_STATUS : r->body;
	return ++r->heads < RESPONSE_INTERIM_MAX || r->part != PART_STATUS;
}

static bool
head_line(struct response *r, char *text)
{
	r->head_bytes += strlen(text);
	if (r->head_bytes > RESPONSE_LINE_MAX)
		return false;
	if (r->part == PART_STATUS)
		return status_line(r, text);
	return *text != '\0' ? header(r, text) : head_end(r);
}

int
response_head(struct response *r)
{
	bool fine = true;
	char *text;

	while (fine && (r->part == PART_STATUS || r->part == PART_HEADER)) {
		text = line(r);
		if (text == NULL)
			return -1;
		fine = head_line(r, text);
		free(text);
	}
	return fine ? 0 : broken();
}

/* --- the body --- */

/* Reads the line between chunks: 0 when the part has moved on, or -1 with errno. */
static int
between_chunks(struct response *r)
{
	char *text = line(r);
	int rc = 0;

	if (text == NULL)
		return -1;
	if (r->part == PART_CHUNK_END) {
		r->part = PART_CHUNK_SIZE;
	} else if (r->part == PART_TRAILER) {
		r->part = *text == '\0' ? PART_DONE : PART_TRAILER;
	} else if (number(text, 16, &r->left)) {
		r->part = r->left > 0 ? PART_CHUNK : PART_TRAILER;
	} else {
		rc = broken();
	}
	free(text);
	return rc;
}

/* A part of known length has lost `n` bytes. */
static void
took(struct response *r, size_t n)
{
	if (r->part == PART_TO_EOF)
		return;
	r->left -= n;
	if (r->left == 0)
		r->part = r->part == PART_CHUNK ? PART_CHUNK_END : PART_DONE;
}

/* No bytes are there: 0 when none are to come, or -1 with errno. */
static int
nothing(const struct response *r)
{
	if (!r->ended) {
		errno = EAGAIN;
		return -1;
	}
	return r->part == PART_TO_EOF ? 0 : broken();
}

ssize_t
response_body(struct response *r, char *bytes, size_t n)
{
	if (r->part == PART_LENGTH && r->left == 0)
		r->part = PART_DONE;
	while (r->part == PART_CHUNK_SIZE || r->part == PART_CHUNK_END ||
	    r->part == PART_TRAILER)
		if (between_chunks(r) == -1)
			return -1;
	if (r->part == PART_DONE)
		return 0;
	if (buf_len(&r->in) == 0)
		return nothing(r);
	if (r->part != PART_TO_EOF && n > r->left)
		n = (size_t)r->left;
	if (n > buf_len(&r->in))
		n = buf_len(&r->in);
	memcpy(bytes, buf_data(&r->in), n);
	buf_consume(&r->in, n);
	took(r, n);
	return (ssize_t)n;
}
