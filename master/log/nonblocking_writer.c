#include "master/log/nonblocking_writer.h"

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
outlet_widen(int pipe)
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
outlet_share(struct outlet *outlet, int shared)
{
	struct stat st;

	*outlet = OUTLET_NONE;
	if (fstat(shared, &st) == -1)
		return -1;
	outlet->fills = !S_ISREG(st.st_mode);
	if (S_ISFIFO(st.st_mode))
		outlet_widen(shared);
	if (S_ISSOCK(st.st_mode))
		outlet->kind = OUTLET_SOCKET;
	else if (outlet->fills && (outlet->fd = open_again(shared)) == -1)
		outlet->kind = OUTLET_POLLED;
	/* A regular file keeps the offset that it shares: nobody overwrites anybody. */
	if (outlet->fd == -1)
		outlet->fd = fcntl(shared, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return outlet->fd == -1 ? -1 : 0;
}

/* Without a reader it is not full: writing tells. */
bool
outlet_is_full(const struct outlet *outlet)
{
	struct pollfd ready = {.fd = outlet->fd, .events = POLLOUT};

	return outlet->fills && poll(&ready, 1, 0) == 0;
}

static ssize_t
write_if_ready(const struct outlet *outlet, const char *bytes, size_t n)
{
	if (outlet_is_full(outlet)) {
		errno = EAGAIN;
		return -1;
	}
	return write(outlet->fd, bytes, n < PIPE_BUF ? n : PIPE_BUF);
}

static ssize_t
write_slice(const struct outlet *outlet, const char *bytes, size_t n)
{
	switch (outlet->kind) {
	case OUTLET_SOCKET:
		return send(outlet->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	case OUTLET_POLLED:
		return write_if_ready(outlet, bytes, n);
	case OUTLET_PLAIN:
		break;
	}
	return write(outlet->fd, bytes, n);
}

size_t
outlet_put(const struct outlet *outlet, const char *bytes, size_t n)
{
	size_t out = 0;
	ssize_t done;

	while (out < n) {
		done = write_slice(outlet, bytes + out, n - out);
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
outlet_write(const struct outlet *outlet, const char *bytes, size_t n)
{
	return outlet_put(outlet, bytes, n) == n ? 0 : -1;
}

void
outlet_close(struct outlet *outlet)
{
	if (outlet->fd != -1)
		close(outlet->fd);
	outlet->fd = -1;
}
