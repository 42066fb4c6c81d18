/* Non-blocking writer: writes to a descriptor without waiting. The descriptor may be shared
 * with other processes, such as our stdout or /dev/fd/3, so it is not set to O_NONBLOCK. */
#ifndef MASTER_LOG_NONBLOCKING_WRITER_H
#define MASTER_LOG_NONBLOCKING_WRITER_H

#include <stdbool.h>
#include <stddef.h>

enum nonblocking_writer_kind {
	NONBLOCKING_WRITER_PLAIN,	/* a regular file, or opened by us as O_NONBLOCK */
	NONBLOCKING_WRITER_SOCKET,
	NONBLOCKING_WRITER_POLLED,	/* polled before each slice, as it may block */
};

struct nonblocking_writer {
	enum nonblocking_writer_kind kind;
	int fd;     /* owned; -1 = none */
	bool fills; /* a pipe, socket or terminal, which can be full */
};

#define NONBLOCKING_WRITER_NONE ((struct nonblocking_writer){ .fd = -1 })

/* Prepares to write to `shared`, which stays the caller's. 0; or -1 with errno, and the
 * writer has no descriptor. */
int nonblocking_writer_share(struct nonblocking_writer *, int shared);
/* Continues with a descriptor (taken) of an earlier writer. `shared`: it was made by
 * nonblocking_writer_share. 0, or -1 with errno. */
int nonblocking_writer_adopt(struct nonblocking_writer *, int fd_take, bool shared);
/* Writes without waiting. Returns the number of bytes written, with errno when these are
 * not all (EAGAIN: it is full). */
size_t nonblocking_writer_put(const struct nonblocking_writer *, const char *bytes, size_t);
/* Whether nothing can be written now. */
bool nonblocking_writer_is_full(const struct nonblocking_writer *);
void nonblocking_writer_close(struct nonblocking_writer *); /* without one is fine */
/* Lets a pipe hold more than the usual 64 KiB, if that is permitted. */
void nonblocking_writer_widen(int pipe);

#endif
