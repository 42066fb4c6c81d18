#include "ctl/daemon/http_response.h"

#include "common/fail.h"
#include "common/mem.h"
#include "common/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
http_response_clear(struct http_response *r)
{
	buf_clear(&r->in);
	mem_freep(&r->status);
}

char *
http_response_reserve(struct http_response *r, size_t n)
{
	return buf_reserve(&r->in, n);
}

void
http_response_commit(struct http_response *r, size_t n)
{
	buf_commit(&r->in, n);
	r->ended = r->ended || n == 0;
}

/* --- lines --- */

/* New: the next line without its end, or NULL with errno. */
static char *
http_response_line(struct http_response *r)
{
	char *start = buf_data(&r->in), *text;
	size_t have = buf_len(&r->in), n;
	const char *end = have > 0 ? memchr(start, '\n', have) : NULL;

	n = end != NULL ? (size_t)(end - start) : have;
	if (n > HTTP_RESPONSE_LINE_MAX || (n > 0 && memchr(start, '\0', n) != NULL))
		return fail_null(EPROTO);
	if (end == NULL)
		return fail_null(r->ended ? EPROTO : EAGAIN);
	text = xstrndup(start, n > 0 && end[-1] == '\r' ? n - 1 : n);
	buf_consume(&r->in, n + 1);
	return text;
}

/* Parses digits only, without the sign, blanks and prefix that strtoull accepts. Returns
 * their end, or NULL if there are none or too many. */
static const char *
http_response_number(const char *text, int base, uint64_t *value)
{
	char *end;

	if (!isxdigit((unsigned char)*text) || (base == 16 && (text[1] | 0x20) == 'x'))
		return NULL;
	errno = 0;
	*value = strtoull(text, &end, base);
	return end != text && errno == 0 ? end : NULL;
}

/* Counts a line of the head or the trailers; false if they are too large. */
static bool
http_response_count_head(struct http_response *r, const char *text)
{
	r->head_bytes += strlen(text) + 1;
	return r->head_bytes <= HTTP_RESPONSE_LINE_MAX;
}

/* --- the head --- */

/* Parses a header line. Chunks take precedence over a length, and a repeated length must be
 * equal. False if it is malformed. */
static bool
http_response_header(struct http_response *r, char *text)
{
	char *value = strchr(text, ':');
	const char *end;
	uint64_t length;

	if (value == NULL)
		return true;
	*value++ = '\0';
	value = str_strip(value);
	if (strcasecmp(text, "Transfer-Encoding") == 0) {
		r->body = PART_CHUNK_SIZE;
		return strcasecmp(value, "chunked") == 0;
	}
	if (strcasecmp(text, "Content-Length") != 0)
		return true;
	end = http_response_number(value, 10, &length);
	if (end == NULL || *end != '\0' || (r->body == PART_LENGTH && length != r->left))
		return false;
	if (r->body == PART_TO_EOF)
		r->body = PART_LENGTH;
	if (r->body == PART_LENGTH)
		r->left = length;
	return true;
}

/* Parses "HTTP/1.1 200 OK"; the reason may be missing or have several words. */
static bool
http_response_status_line(struct http_response *r, const char *text)
{
	const char *code;

	if (!str_starts(text, "HTTP/1.") || !isdigit((unsigned char)text[7]) ||
	    text[8] != ' ')
		return false;
	code = text + strlen("HTTP/1.1 ");
	if (strspn(code, "0123456789") != 3 || *code == '0' ||
	    (code[3] != ' ' && code[3] != '\0'))
		return false;
	free(r->status);
	r->status = xstrdup(code);
	str_make_plain(r->status, ""); /* for a terminal */
	r->code = atoi(code);
	r->part = PART_HEADER;
	r->body = PART_TO_EOF;
	return true;
}

/* Parses a line of the head; false if it is malformed or the head is too large. */
static bool
http_response_head_line(struct http_response *r, char *text)
{
	if (!http_response_count_head(r, text))
		return false;
	if (r->part == PART_STATUS)
		return http_response_status_line(r, text);
	if (*text != '\0')
		return http_response_header(r, text);
	r->head_bytes = 0;
	r->part = r->code / 100 == 1 ? PART_STATUS : r->body;
	return ++r->heads < HTTP_RESPONSE_INTERIM_MAX || r->part != PART_STATUS;
}

int
http_response_head(struct http_response *r)
{
	bool fine = true;
	char *text;

	while (fine && (r->part == PART_STATUS || r->part == PART_HEADER)) {
		text = http_response_line(r);
		if (text == NULL)
			return -1;
		fine = http_response_head_line(r, text);
		free(text);
	}
	return fine ? 0 : fail_with(EPROTO);
}

/* --- the body --- */

/* Parses a line between chunks or of the trailers. 0, or -1 with errno. */
static int
http_response_between_chunks(struct http_response *r)
{
	char *text = http_response_line(r);
	const char *end;
	bool fine;

	if (text == NULL)
		return -1;
	if (r->part == PART_CHUNK_SIZE) { /* "1a;extension" */
		end = http_response_number(text, 16, &r->left);
		fine = end != NULL && strchr(" \t;", *end) != NULL;
		if (fine)
			r->part = r->left > 0 ? PART_CHUNK : PART_TRAILER;
	} else if (r->part == PART_CHUNK_END) {
		fine = *text == '\0';
		r->part = PART_CHUNK_SIZE;
	} else {
		fine = http_response_count_head(r, text);
		r->part = *text == '\0' ? PART_DONE : PART_TRAILER;
	}
	free(text);
	return fine ? 0 : fail_with(EPROTO);
}

ssize_t
http_response_body(struct http_response *r, char *bytes, size_t n)
{
	if (r->part == PART_LENGTH && r->left == 0)
		r->part = PART_DONE;
	while (r->part == PART_CHUNK_SIZE || r->part == PART_CHUNK_END ||
	    r->part == PART_TRAILER)
		if (http_response_between_chunks(r) == -1)
			return -1;
	if (r->part == PART_DONE)
		return 0;
	if (buf_len(&r->in) == 0 && r->ended)
		return r->part == PART_TO_EOF ? 0 : fail_with(EPROTO);
	if (buf_len(&r->in) == 0)
		return fail_with(EAGAIN);
	if (r->part != PART_TO_EOF && n > r->left)
		n = (size_t)r->left;
	if (n > buf_len(&r->in))
		n = buf_len(&r->in);
	memcpy(bytes, buf_data(&r->in), n);
	buf_consume(&r->in, n);
	if (r->part != PART_TO_EOF) {
		r->left -= n;
		if (r->left == 0)
			r->part = r->part == PART_CHUNK ? PART_CHUNK_END : PART_DONE;
	}
	return (ssize_t)n;
}
