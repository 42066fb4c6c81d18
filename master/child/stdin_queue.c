#include "master/child/stdin_queue.h"

#include "common/fail.h"
#include "common/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static void
stdin_queue_close(struct stdin_queue *input)
{
	/* supervisord notices only when a write fails. */
	if (buf_len(&input->queue) > 0)
		log_debug("fd %d closed, stopped monitoring <input>", input->fd);
	source_free(input->source);
	close(input->fd);
	buf_clear(&input->queue);
	input->source = NULL;
	input->fd = -1;
}

/* Writes what the pipe accepts. 0, or -1 when the child has closed it. */
static int
stdin_queue_flush(struct stdin_queue *input)
{
	ssize_t sent;

	while (buf_len(&input->queue) > 0) {
		sent = write(input->fd, buf_data(&input->queue), buf_len(&input->queue));
		if (sent == -1 && errno == EINTR)
			continue;
		if (sent == -1 && errno != EAGAIN) {
			stdin_queue_close(input);
			return -1;
		}
		if (sent <= 0)
			break;
		buf_consume(&input->queue, (size_t)sent);
	}
	source_want(input->source, buf_len(&input->queue) > 0 ? EPOLLOUT : 0);
	return 0;
}

static void
stdin_queue_on_ready(void *ctx, uint32_t ready)
{
	struct stdin_queue *input = ctx;

	if (input->fd == -1)
		return;
	if (ready & (EPOLLERR | EPOLLHUP))
		stdin_queue_close(input);
	else
		(void)stdin_queue_flush(input);
}

struct stdin_queue *
stdin_queue_new(struct loop *loop, int fd, size_t max)
{
	struct stdin_queue *input;

	if ((input = malloc(sizeof(*input))) == NULL)
		return NULL;
	input->fd = fd;
	buf_init(&input->queue, max);
	if ((input->source = loop_fd(loop, fd, 0, stdin_queue_on_ready, input)) == NULL) {
		free(input);
		return NULL;
	}
	return input;
}

void
stdin_queue_free(struct stdin_queue *input)
{
	if (input == NULL)
		return;
	if (input->fd != -1) {
		source_free(input->source);
		close(input->fd);
	}
	buf_clear(&input->queue);
	free(input);
}

int
stdin_queue_write(struct stdin_queue *input, const char *bytes, size_t n)
{
	int rc = 0;

	if (input->fd == -1)
		return fail_with(EPIPE);
	if (buf_append(&input->queue, bytes, n) == -1)
		return fail_with(ENOBUFS);
	/* With older bytes in the queue, the loop is already waiting for the pipe. */
	if (buf_len(&input->queue) == n && (rc = stdin_queue_flush(input)) == -1)
		errno = EPIPE;
	return rc;
}
