/* Stdin queue: bytes that wait to be written to the standard input of a child; bounded. */
#ifndef MASTER_CHILD_STDIN_QUEUE_H
#define MASTER_CHILD_STDIN_QUEUE_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loop.h"

#include <stddef.h>

#define STDIN_QUEUE_MAX (1024 * 1024) /* bytes queued for one process */

/* Its fields in the state document. */
#define STDIN_QUEUE_FIELDS(ROW, S)							\
	ROW(S, FD, fd)		/* -1 when closed */					\
	ROW(S, BUF, queue)

struct stdin_queue {
	struct source *source; /* NULL once closed */
	struct FIELDS(STDIN_QUEUE_FIELDS);
};

/* New; takes the non-blocking write end; max = bytes that may be queued, 0 = no bound. NULL
 * with errno. */
struct stdin_queue *stdin_queue_new(struct loop *, int fd, size_t max);
void stdin_queue_free(struct stdin_queue *); /* NULL is fine */
/* Queues the bytes, and writes what the pipe accepts now. 0, or -1 with EPIPE (the child
 * has closed its end) or ENOBUFS (not all bytes fit, and none was queued). */
NODISCARD int stdin_queue_write(struct stdin_queue *, const char *bytes, size_t n);

#endif
