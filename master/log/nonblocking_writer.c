#include "master/log/nonblocking_writer.h"

#include "common/fail.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_ROOM (1024 * 1024) /* what everybody may ask for by default */

void
writer_widen(int pipe)
{
	if (fcntl(pipe, F_GETPIPE_SZ) < PIPE_ROOM)
		(void)fcntl(pipe, F_SETPIPE_SZ, PIPE_ROOM);
}

/* A pipe or a terminal opened once more is ours alone to make non-blocking; -1 where that
 * is not to be had, for want of /proc or of the right. */
static int
open_again(int shared)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", shared);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int
writer_share(struct writer *writer, int shared)
{
	struct stat st;

	*writer = WRITER_NONE;
	if (fstat(shared, &st) == -1)
		return -1;
	writer->fills = !S_ISREG(st.st_mode);
	if (S_ISFIFO(st.st_mode))
		writer_widen(shared);
	if (S_ISSOCK(st.st_mode))
		writer->kind = WRITER_SOCKET;
	else if (writer->fills && (writer->fd = open_again(shared)) == -1)
		writer->kind = WRITER_POLLED;
	/* A regular file keeps the offset that it shares: nobody overwrites anybody. */
	if (writer->fd == -1)
		writer->fd = fcntl(shared, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return writer->fd == -1 ? -1 : 0;
}

/* Without a reader it is not full: writing tells. */
bool
writer_is_full(const struct writer *writer)
{
	struct pollfd ready = {.fd = writer->fd, .events = POLLOUT};

	return writer->fills && poll(&ready, 1, 0) == 0;
}

static ssize_t
write_if_ready(const struct writer *writer, const char *bytes, size_t n)
{
	if (writer_is_full(writer))
		return fail_with(EAGAIN);
	return write(writer->fd, bytes, n < PIPE_BUF ? n : PIPE_BUF);
}

static ssize_t
write_slice(const struct writer *writer, const char *bytes, size_t n)
{
	switch (writer->kind) {
	case WRITER_SOCKET:
		return send(writer->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	case WRITER_POLLED:
		return write_if_ready(writer, bytes, n);
	case WRITER_PLAIN:
		break;
	}
	return write(writer->fd, bytes, n);
}

size_t
writer_put(const struct writer *writer, const char *bytes, size_t n)
{
	size_t out = 0;
	ssize_t done;

	while (out < n) {
		done = write_slice(writer, bytes + out, n - out);
		if (done == -1 && errno == EINTR)
			continue;
		if (done == 0)
			errno = EAGAIN;
		if (done <= 0)
			break;
		out += (size_t)done;
	}
	return out;
}

int
writer_write(const struct writer *writer, const char *bytes, size_t n)
{
	return writer_put(writer, bytes, n) == n ? 0 : -1;
}

void
writer_close(struct writer *writer)
{
	fd_close(writer->fd);
	writer->fd = -1;
}
