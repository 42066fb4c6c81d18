/* Response: an HTTP/1.1 response out of the bytes that come, whoever sent them: its head,
 * then its body out of a known length, chunks, or all up to the end. It knows no socket. */
#ifndef CTL_HTTP_RESPONSE_H
#define CTL_HTTP_RESPONSE_H

#include "common/buf.h"
#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RESPONSE_LINE_MAX (64 * 1024)	/* bytes of its head, or of a line */
#define RESPONSE_INTERIM_MAX 8		/* responses of 100 and so on, and the final one */

/* What comes next. */
enum response_part { PART_STATUS, PART_HEADER, PART_LENGTH, PART_TO_EOF, PART_CHUNK_SIZE,
	PART_CHUNK_END, PART_TRAILER, PART_CHUNK, PART_DONE };

struct response {
	int code;
	char *status;	/* the status line after the protocol, owned: "401 Unauthorized" */
	/* Of response.c. */
	struct buf in;
	bool ended;
	enum response_part part;
	enum response_part body;	/* what follows the head, as far as it was read */
	size_t heads, head_bytes;
	uint64_t left;	/* bytes of the body, or of the chunk under way */
};

void response_init(struct response *);
void response_clear(struct response *);
/* Room for n more bytes, or NULL with ENOMEM; then how many came, 0 when none come more. */
char *response_room(struct response *, size_t n);
void response_came(struct response *, size_t n);
/* Reads the head of the final response, before which a few others may come. 0 when it is
 * there, or -1: EAGAIN (bytes are missing), EPROTO, ENOMEM. */
NODISCARD int response_head(struct response *);
/* Bytes of the body, after the head: how many, 0 at its end, or -1 as above. */
NODISCARD ssize_t response_body(struct response *, char *bytes, size_t n);

#endif
