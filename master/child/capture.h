/* Capture: capture mode: what a child writes between two tokens goes to a buffer of its own
 * instead of its log (reference 6.5). It makes no system call. */
#ifndef MASTER_CHILD_CAPTURE_H
#define MASTER_CHILD_CAPTURE_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPTURE_BEGIN "<!--XSUPERVISOR:BEGIN-->"
#define CAPTURE_END "<!--XSUPERVISOR:END-->"

struct capture;

/* What the state document keeps of it. */
struct capture_memory {
	bool capturing;
	uint64_t held;	/* of the token that is sought: its beginning came last */
	char *bytes;	/* owned: captured so far */
	size_t n;
};

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
void capture_free(struct capture *);	/* NULL is fine */
/* The next bytes of the child, changed by what is told of them. A token may be cut anywhere
 * between two calls. */
void capture_feed(struct capture *, char *bytes, size_t n);
/* The child is gone: what looked like the beginning of a token is output, and what was
 * captured without an end is left over. */
void capture_finish(struct capture *);
/* For the state document: *memory with new bytes, and back into a fresh one. 0, or -1 with
 * ENOMEM, or EINVAL: it cannot have been so. */
NODISCARD int capture_get(const struct capture *, struct capture_memory *memory);
NODISCARD int capture_put_back(struct capture *, const struct capture_memory *);

#endif
