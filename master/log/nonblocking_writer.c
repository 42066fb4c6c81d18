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

#define PIPE_BYTES (1024 * 1024) /* the default of fs.pipe-max-size */

void
nonblocking_writer_widen(int pipe)
{
	if (fcntl(pipe, F_GETPIPE_SZ) < PIPE_BYTES)
		(void)fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES);
}

int
nonblocking_writer_share(struct nonblocking_writer *writer, int shared)
{
	char path[32];
	struct stat st;

	*writer = NONBLOCKING_WRITER_NONE;
	if (fstat(shared, &st) == -1)
		return -1;
	writer->fills = !S_ISREG(st.st_mode);
	if (S_ISFIFO(st.st_mode))
		nonblocking_writer_widen(shared);
	if (S_ISSOCK(st.st_mode)) {
		writer->kind = NONBLOCKING_WRITER_SOCKET;
	} else if (writer->fills) {
		/* Open the pipe or terminal once more, because O_NONBLOCK applies to all
		 * that share an open file. Fails without /proc or permission. */
		snprintf(path, sizeof(path), "/proc/self/fd/%d", shared);
		writer->fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (writer->fd == -1)
			writer->kind = NONBLOCKING_WRITER_POLLED;
	}
	/* A regular file keeps its shared offset, so that no writer overwrites another. */
	if (writer->fd == -1)
		writer->fd = fcntl(shared, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return writer->fd == -1 ? -1 : 0;
}

int
nonblocking_writer_adopt(struct nonblocking_writer *writer, int fd, bool shared)
{
	struct stat st;

	*writer = (struct nonblocking_writer){ .fd = fd };
	if (fstat(fd, &st) == -1) {
		*writer = NONBLOCKING_WRITER_NONE;
		return fd_fail(fd, errno);
	}
	writer->fills = shared && !S_ISREG(st.st_mode);
	if (writer->fills && S_ISSOCK(st.st_mode))
		writer->kind = NONBLOCKING_WRITER_SOCKET;
	else if (writer->fills && (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0)
		writer->kind = NONBLOCKING_WRITER_POLLED;
	return 0;
}

/* Without a reader it is not full: the write fails and reports that. */
bool
nonblocking_writer_is_full(const struct nonblocking_writer *writer)
{
	struct pollfd ready = { .fd = writer->fd, .events = POLLOUT };

	return writer->fills && poll(&ready, 1, 0) == 0;
}

static ssize_t
nonblocking_writer_slice(
    const struct nonblocking_writer *writer, const char *bytes, size_t n)
{
	if (writer->kind == NONBLOCKING_WRITER_SOCKET)
		return send(writer->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (writer->kind == NONBLOCKING_WRITER_POLLED) {
		if (nonblocking_writer_is_full(writer))
			return fail_with(EAGAIN);
		if (n > PIPE_BUF)
			n = PIPE_BUF;
	}
	return write(writer->fd, bytes, n);
}

size_t
nonblocking_writer_put(const struct nonblocking_writer *writer, const char *bytes, size_t n)
{
	size_t out = 0;
	ssize_t done;

	while (out < n) {
		done = nonblocking_writer_slice(writer, bytes + out, n - out);
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

void
nonblocking_writer_close(struct nonblocking_writer *writer)
{
	fd_close(writer->fd);
	writer->fd = -1;
}
