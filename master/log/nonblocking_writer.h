/* Non-blocking writer: writes to a descriptor without ever waiting, also when it is shared
 * with others and so may not be made non-blocking: our stdout, a /dev/fd/3. */
#ifndef MASTER_LOG_NONBLOCKING_WRITER_H
#define MASTER_LOG_NONBLOCKING_WRITER_H

#include <stdbool.h>
#include <stddef.h>

enum writer_kind {
	WRITER_PLAIN,	/* a regular file, or an opening of our own that does not block */
	WRITER_SOCKET,
	WRITER_POLLED,	/* cannot be opened again: polled before each slice */
};

struct writer {
	enum writer_kind kind;
	int fd;     /* owned; -1 = none */
	bool fills; /* a pipe, socket or terminal, which can be full for a while */
};

#define WRITER_NONE ((struct writer){ .fd = -1 })

/* Another way to write to `shared`, which stays the caller's. 0; or -1 with errno, and the
 * writer is none. */
int writer_share(struct writer *, int shared);
/* How many bytes went out at once; errno when not all did (EAGAIN: it is full). */
size_t writer_put(const struct writer *, const char *bytes, size_t n);
/* True while it would take nothing. */
bool writer_is_full(const struct writer *);
void writer_close(struct writer *); /* one that is none is fine */
/* Lets a pipe hold more than the usual 64 KiB for a reader that is slow; where that is not
 * allowed, it stays as it is. */
void writer_widen(int pipe);

#endif
