/* Stdin queue: the bounded queue of bytes for one child's stdin. */
#ifndef MASTER_CHILD_STDIN_QUEUE_H
#define MASTER_CHILD_STDIN_QUEUE_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loop.h"

#include <stddef.h>

#define STDIN_QUEUE_MAX (1024 * 1024) /* bytes queued for one process */

struct stdin_queue;

/* What the state document has of it. */
#define STDIN_QUEUE_FIELDS(ROW, S)							\
	ROW(S, FD, fd)		/* -1 when closed */					\
	ROW(S, BUF, queue)
struct stdin_queue_record FIELDS(STDIN_QUEUE_FIELDS);

/* New; takes the write end (NONBLOCK); most = bytes that may be queued, 0 = as many as
 * come. NULL with errno. */
struct stdin_queue *stdin_queue_new(struct loop *, int fd, size_t most);
void stdin_queue_free(struct stdin_queue *); /* NULL is fine */
/* Queues and writes what the pipe takes now. 0, or -1 with EPIPE (the child closed it:
 * NO_FILE) or ENOBUFS (the queue is too full for all of it: nothing was queued). */
NODISCARD int stdin_queue_write(struct stdin_queue *, const char *bytes, size_t n);
const struct stdin_queue_record *stdin_queue_record(const struct stdin_queue *);

#endif
