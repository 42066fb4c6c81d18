/* Http response: parses an HTTP/1.1 response from an untrusted server: its head, then
 * its body of known length, in chunks, or up to the end. It knows no socket. */
#ifndef CTL_HTTP_RESPONSE_H
#define CTL_HTTP_RESPONSE_H

#include "common/buf.h"
#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTP_RESPONSE_LINE_MAX (64 * 1024) /* bytes of its head, or of a line */
#define HTTP_RESPONSE_INTERIM_MAX 8 /* responses of 100 and so on, and the final one */

/* What comes next. */
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
	/* Of http_response.c. */
	struct buf in;
	bool ended;
	enum http_response_part part;
	enum http_response_part body; /* what follows the head, as far as it was read */
	size_t heads, head_bytes;
	uint64_t left; /* bytes of the body, or of the chunk under way */
};

void http_response_clear(struct http_response *);
/* Reserves n more bytes, or NULL with ENOMEM; then how many came, 0 at the end of input. */
char *http_response_reserve(struct http_response *, size_t n);
void http_response_commit(struct http_response *, size_t n);
/* Reads the head of the final response, before which a few others may come. 0 when it is
 * there, or -1: EAGAIN (bytes are missing), EPROTO, ENOMEM. */
NODISCARD int http_response_head(struct http_response *);
/* Bytes of the body, after the head: how many, 0 at its end, or -1 as above. */
NODISCARD ssize_t http_response_body(struct http_response *, char *bytes, size_t n);

#endif
