#include "master/child/output.h"

#include "common/buf.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/str.h"
#include "master/child/ansi.h"
#include "master/child/capture.h"
#include "master/log/backlog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READ_MAX ((size_t)64 * 1024)
#define READ_SYSLOG ((size_t)8 * 1024) /* with syslog, where each line is a message */

const char *const output_words[OUTPUT_MAX] = {
    [OUTPUT_STDOUT] = "stdout",
    [OUTPUT_STDERR] = "stderr",
};

/* If memory runs out, nothing is copied. */
static void
output_copy_to_mainlog(const struct output *o, const char *bytes, size_t n)
{
	char *name, *quoted;
	struct buf line = { 0 };
	bool is_text;
	int rc = -1;

	if (o->hidden || !log_wants(LEVEL_DEBUG))
		return;
	is_text = !o->ops->is_protocol && str_is_utf8(bytes, n);
	name = str_repr(o->use.name);
	quoted = is_text ? NULL : str_repr_bytes(bytes, n);
	if (name != NULL)
		rc = buf_printf(&line, "%s %s output:\n", name, output_words[o->use.id]);
	if (rc == 0 && is_text)
		rc = buf_append(&line, bytes, n);
	else if (rc == 0)
		rc = quoted == NULL ?
		    -1 :
		    buf_printf(
			&line, "%sb%s", o->ops->is_protocol ? "" : "Undecodable: ", quoted);
	if (rc == 0)
		log_bytes(LEVEL_DEBUG, buf_data(&line), buf_len(&line));
	buf_clear(&line);
	free(quoted);
	free(name);
}

static size_t
output_strip(const struct output *o, char *bytes, size_t n)
{
	return *o->use.strip_ansi ? ansi_strip(bytes, n) : n;
}

static bool
output_log_fills(const struct output *o)
{
	return o->use.log != NULL && logfile_fills(o->use.log);
}

/* A failure to write has been logged, and must not affect the child. */
static void
output_write_log(struct output *o, const char *bytes, size_t n)
{
	if (output_log_fills(o))
		backlogs_write(o->use.backlogs, o->use.log, bytes, n);
	else if (o->use.log != NULL)
		(void)logfile_write(o->use.log, bytes, n);
	if (o->use.syslog != NULL)
		syslogger_write(o->use.syslog, o->use.name, bytes, n);
	if (o->use.logged != NULL && (o->use.log != NULL || o->use.syslog != NULL))
		*o->use.logged += n;
}

/* Captured output is not logged. */
static void
output_put(void *ctx, char *bytes, size_t n, bool captured)
{
	struct output *o = ctx;

	if (!o->ops->is_protocol) {
		n = output_strip(o, bytes, n);
		if (!captured)
			output_write_log(o, bytes, n);
	}
	output_copy_to_mainlog(o, bytes, n);
	if (o->ops->output != NULL)
		o->ops->output(o->ctx, o->use.id, bytes, n);
	if (o->ops->is_protocol)
		output_write_log(o, bytes, output_strip(o, bytes, n));
}

static void
output_communication(void *ctx, char *bytes, size_t n)
{
	struct output *o = ctx;

	o->ops->communication(o->ctx, o->use.id, bytes, output_strip(o, bytes, n));
	log_debug("'%s' %s emitted a comm event", o->use.name, output_words[o->use.id]);
}

static void
output_leftover(void *ctx, char *bytes, size_t n)
{
	output_write_log(ctx, bytes, output_strip(ctx, bytes, n));
}

static const struct capture_ops output_capture_ops = {.output = output_put,
    .communication = output_communication, .leftover = output_leftover};

static void
output_stop_waiting(struct output *o)
{
	source_free(o->writable);
	o->writable = NULL;
	fd_close(o->writable_fd);
	o->writable_fd = -1;
}

static void
output_close(struct output *o)
{
	log_debug("fd %d closed, stopped monitoring <channel for %s (%s)>", o->fd,
	    o->use.name, output_words[o->use.id]);
	output_stop_waiting(o);
	source_free(o->source);
	close(o->fd);
	o->source = NULL;
	o->fd = -1;
}

/* One read of at most n bytes. The number of bytes read, 0 = nothing for now. */
static size_t
output_read(struct output *o, size_t n)
{
	UNINITIALIZED char bytes[READ_MAX];
	ssize_t got;

	if (o->fd == -1)
		return 0;
	got = read(o->fd, bytes, n < sizeof(bytes) ? n : sizeof(bytes));
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0) {
		output_close(o);
		return 0;
	}
	if (o->capture != NULL)
		capture_feed(o->capture, bytes, (size_t)got);
	else
		output_put(o, bytes, (size_t)got, false);
	return (size_t)got;
}

static void output_on_readable(void *ctx, uint32_t ready);

static void
output_on_writable(void *ctx, uint32_t ready UNUSED)
{
	struct output *o = ctx;

	o->source = loop_fd(o->loop, o->fd, EPOLLIN, output_on_readable, o);
	if (o->source != NULL)
		output_stop_waiting(o);
}

/* The descriptor that must be writable before more is read, or -1. The backlog that an
 * earlier process left for the same log is written first. */
static int
output_full_fd(const struct output *o)
{
	struct logfile *log = o->use.log;
	int fd = -1;

	if (output_log_fills(o)) {
		fd = backlogs_fd(o->use.backlogs, logfile_path(log));
		if (fd == -1 && logfile_is_full(log))
			fd = logfile_fd(log);
	}
	if (fd == -1 && o->ops->full_fd != NULL)
		fd = o->ops->full_fd(o->ctx);
	return fd;
}

/* Reads no more until the full log is writable. The child is blocked meanwhile, as it
 * would be if it wrote to the log itself; the daemon is not. 0, or -1 when that is not
 * possible. */
static int
output_wait(struct output *o, int full)
{
	o->writable_fd = fcntl(full, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (o->writable_fd == -1)
		return -1;
	o->writable = loop_fd(o->loop, o->writable_fd, EPOLLOUT, output_on_writable, o);
	if (o->writable == NULL) {
		output_stop_waiting(o);
		return -1;
	}
	/* Freed, because a source without events is still called at the end of file. */
	source_free(o->source);
	o->source = NULL;
	return 0;
}

static void
output_read_slices(struct output *o, size_t max)
{
	size_t got;
	int full;

	do {
		full = output_full_fd(o);
		if (full != -1 && output_wait(o, full) == 0)
			return;
		got = output_read(o, PIPE_BUF);
		max -= got;
	} while (got == PIPE_BUF && max >= PIPE_BUF);
}

static void
output_on_readable(void *ctx, uint32_t ready UNUSED)
{
	struct output *o = ctx;
	size_t max = o->use.syslog != NULL ? READ_SYSLOG : READ_MAX;

	if (output_log_fills(o) || o->ops->full_fd != NULL)
		output_read_slices(o, max);
	else
		output_read(o, max);
}

struct output *
output_new(struct loop *loop, int fd, const struct output_use *use)
{
	static const struct output_ops none;
	struct output *o;

	if ((o = malloc(sizeof(*o))) == NULL)
		return NULL;
	*o = (struct output){ .loop = loop,
		.fd = fd,
		.hidden = use->hidden,
		.writable_fd = -1,
		.use = *use,
		.ops = &none };
	if (fd == -1)
		return o;
	if ((o->source = loop_fd(loop, fd, EPOLLIN, output_on_readable, o)) == NULL) {
		free(o);
		return NULL;
	}
	return o;
}

void
output_free(struct output *o)
{
	if (o == NULL)
		return;
	output_stop_waiting(o);
	if (o->fd != -1) {
		source_free(o->source);
		close(o->fd);
	}
	capture_free(o->capture);
	logfile_free(o->use.log);
	free(o);
}

void
output_drain(struct output *o, size_t max)
{
	size_t got;

	while (max > 0 && (got = output_read(o, max)) > 0)
		max -= got;
}

int
output_listen(
    struct output *o, const struct output_ops *ops, void *ctx, int64_t capture_maxbytes)
{
	o->ops = ops;
	o->ctx = ctx;
	if (capture_maxbytes == 0)
		return 0;
	o->capture = capture_new(capture_maxbytes, &output_capture_ops, o);
	return o->capture == NULL ? -1 : 0;
}

void
output_finish(struct output *o)
{
	if (o->capture != NULL)
		capture_finish(o->capture);
}
