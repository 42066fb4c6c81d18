/* Capture: capture mode: output that a child writes between two tokens is collected in a
 * buffer instead of being logged. Makes no system call. */
#ifndef MASTER_CHILD_CAPTURE_H
#define MASTER_CHILD_CAPTURE_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loglimit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPTURE_BEGIN "<!--XSUPERVISOR:BEGIN-->"
#define CAPTURE_END "<!--XSUPERVISOR:END-->"

/* Its fields in the state document. */
#define CAPTURE_FIELDS(ROW, S)								\
	ROW(S, BOOL, capturing)								\
	ROW(S, U64, held)	/* bytes that ended the last chunk and may begin a token */\
	ROW(S, BUF, captured)
/* The callbacks may change the bytes. */
struct capture_ops {
	/* Output without the tokens, in order; captured: it was between two tokens. */
	void (*output)(void *ctx, char *bytes, size_t n, bool captured);
	/* An end token was read; the bytes are the content of the buffer. */
	void (*communication)(void *ctx, char *bytes, size_t n);
	/* The child has ended before it wrote an end token. */
	void (*leftover)(void *ctx, char *bytes, size_t n);
};

struct capture {
	const struct capture_ops *ops;
	void *ctx;
	size_t maxbytes;
	struct FIELDS(CAPTURE_FIELDS);
	struct log_limit losses; /* log lines about bytes lost for lack of memory */
};

/* New. The buffer keeps about the last maxbytes bytes. ops and ctx are borrowed. NULL with
 * ENOMEM. */
struct capture *capture_new(int64_t maxbytes, const struct capture_ops *, void *ctx);
void capture_free(struct capture *); /* NULL is fine */
/* Reads the next chunk, which may be changed. A token may be split between two chunks. */
void capture_feed(struct capture *, char *bytes, size_t n);
/* The child has ended: passes on an incomplete token as output, and what was captured
 * without an end token as leftover. */
void capture_finish(struct capture *);
/* For the state document: whether the fields are consistent. */
bool capture_is_sound(const struct capture *);

#endif
