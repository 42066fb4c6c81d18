/* Non-blocking writer: writes to a descriptor without ever waiting, also when it is shared
 * with others and so may not be made non-blocking: our stdout, a /dev/fd/3. */
#ifndef MASTER_LOG_NONBLOCKING_WRITER_H
#define MASTER_LOG_NONBLOCKING_WRITER_H

#include <stdbool.h>
#include <stddef.h>

enum nonblocking_writer_kind {
	NONBLOCKING_WRITER_PLAIN,	/* a regular file, or an opening of our own that does not block */
	NONBLOCKING_WRITER_SOCKET,
	NONBLOCKING_WRITER_POLLED,	/* cannot be opened again: polled before each slice */
};

struct nonblocking_writer {
	enum nonblocking_writer_kind kind;
	int fd;     /* owned; -1 = none */
	bool fills; /* a pipe, socket or terminal, which can be full for a while */
};

#define NONBLOCKING_WRITER_NONE ((struct nonblocking_writer){ .fd = -1 })

/* Another way to write to `shared`, which stays the caller's. 0; or -1 with errno, and the
 * writer is none. */
int nonblocking_writer_share(struct nonblocking_writer *, int shared);
/* How many bytes went out at once; errno when not all did (EAGAIN: it is full). */
size_t nonblocking_writer_put(
    const struct nonblocking_writer *, const char *bytes, size_t n);
/* True while it would take nothing. */
bool nonblocking_writer_is_full(const struct nonblocking_writer *);
void nonblocking_writer_close(struct nonblocking_writer *); /* one that is none is fine */
/* Lets a pipe hold more than the usual 64 KiB for a reader that is slow; where that is not
 * allowed, it stays as it is. */
void nonblocking_writer_widen(int pipe);

#endif
