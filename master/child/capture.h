/* Capture: capture mode: what a child writes between two tokens goes to a buffer of its own
 * instead of its log. It makes no system call. */
#ifndef MASTER_CHILD_CAPTURE_H
#define MASTER_CHILD_CAPTURE_H

#include "common/compiler.h"
#include "common/fields.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPTURE_BEGIN "<!--XSUPERVISOR:BEGIN-->"
#define CAPTURE_END "<!--XSUPERVISOR:END-->"

struct capture;

/* What the state document has of it. */
#define CAPTURE_FIELDS(ROW, S)								\
	ROW(S, BOOL, capturing)								\
	ROW(S, U64, held)	/* bytes of the sought token at the end of the last feed */\
	ROW(S, BUF, captured)
struct capture_record FIELDS(CAPTURE_FIELDS);

/* The bytes are the callee's to change. */
struct capture_ops {
	/* Output, in order and without the tokens; captured: it stood between them. */
	void (*output)(void *ctx, char *bytes, size_t n, bool captured);
	/* An end token came: all that the buffer holds. */
	void (*communication)(void *ctx, char *bytes, size_t n);
	/* The child is gone, and this was captured without an end. */
	void (*leftover)(void *ctx, char *bytes, size_t n);
};

/* New; maxbytes as configured: the buffer drops its first bytes for those that come. ops
 * and ctx are borrowed. NULL with ENOMEM. */
struct capture *capture_new(int64_t maxbytes, const struct capture_ops *, void *ctx);
void capture_free(struct capture *); /* NULL is fine */
/* The next bytes of the child, which the ops may change. A token may be cut anywhere
 * between two calls. */
void capture_feed(struct capture *, char *bytes, size_t n);
/* The child is gone: what looked like the beginning of a token is output, and what was
 * captured without an end is left over. */
void capture_finish(struct capture *);
/* For the state document: borrowed, to be read or filled; and whether it can be so. */
struct capture_record *capture_record(struct capture *);
bool capture_is_sound(const struct capture *);

#endif
