/* Http response: parses an HTTP/1.1 response of an untrusted server: the head, then a body
 * with a length, in chunks, or up to the end of input. It does no I/O. */
#ifndef CTL_DAEMON_HTTP_RESPONSE_H
#define CTL_DAEMON_HTTP_RESPONSE_H

#include "common/buf.h"
#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTP_RESPONSE_LINE_MAX (64 * 1024) /* bytes of its head, or of a line */
#define HTTP_RESPONSE_INTERIM_MAX 8 /* responses: interim ones (1xx) and the final one */

/* The part that is parsed next. */
enum http_response_part {
	PART_STATUS,
	PART_HEADER,
	PART_LENGTH,
	PART_TO_EOF,
	PART_CHUNK_SIZE,
	PART_CHUNK_END,
	PART_TRAILER,
	PART_CHUNK,
	PART_DONE
};

struct http_response { /* begins as { 0 } */
	int code;
	char *status; /* the status line after the protocol, owned: "401 Unauthorized" */
	/* Private: */
	struct buf in;
	bool ended;
	enum http_response_part part;
	enum http_response_part body; /* the part after the head, by the headers so far */
	size_t heads, head_bytes;
	uint64_t left; /* bytes of the body, or of the current chunk */
};

void http_response_clear(struct http_response *);
/* Reserves space for n bytes of input, NULL with ENOMEM; commit adds those that arrived, 0
 * at the end of input. */
char *http_response_reserve(struct http_response *, size_t n);
void http_response_commit(struct http_response *, size_t n);
/* Parses the head of the final response and of interim ones before it. 0 when complete, or
 * -1: EAGAIN (more input is needed), EPROTO, ENOMEM. */
NODISCARD int http_response_head(struct http_response *);
/* Copies bytes of the body, after the head: their number, 0 at its end, or -1 as above. */
NODISCARD ssize_t http_response_body(struct http_response *, char *bytes, size_t n);

#endif
