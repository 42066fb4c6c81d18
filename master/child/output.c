#include "master/child/output.h"

#include "common/buf.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/str.h"
#include "master/child/ansi.h"
#include "master/child/backlog.h"
#include "master/child/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READ_MAX ((size_t)64 * 1024)
#define READ_SYSLOG ((size_t)8 * 1024) /* each of its lines may be a message */

struct output {
	struct loop *loop;
	struct source *source; /* NULL while it waits for its log, and once closed */
	union {
		struct output_record record;
		struct FIELDS(OUTPUT_FIELDS);
	};
	struct source *room; /* while it waits: the log's descriptor, by another number, */
	int room_fd;	     /* for the log may be opened anew; else -1 */
	struct output_use use;
	const struct output_ops *ops;	/* NULL = nobody else is told */
	void *ctx;
	struct capture *capture;	/* owned; NULL = no capture mode */
};

const char *const output_words[OUTPUT_MAX] = {
    [OUTPUT_STDOUT] = "stdout",
    [OUTPUT_STDERR] = "stderr",
};

static bool
is_protocol(const struct output *channel)
{
	return channel->ops != NULL && channel->ops->is_protocol;
}

static int
append_quoted(struct buf *line, const char *before, const char *bytes, size_t n)
{
	char *quoted = str_repr_bytes(bytes, n);
	int rc;

	if (quoted == NULL)
		return -1;
	rc = buf_printf(line, "%sb%s", before, quoted);
	free(quoted);
	return rc;
}

static int
append_text(struct buf *line, const struct output *channel, const char *bytes, size_t n)
{
	if (is_protocol(channel))
		return append_quoted(line, "", bytes, n);
	if (str_is_utf8(bytes, n))
		return buf_append(line, bytes, n);
	return append_quoted(line, "Undecodable: ", bytes, n);
}

/* The copy for the main log; without memory there is none. */
static void
copy_to_mainlog(const struct output *channel, const char *bytes, size_t n)
{
	const char *word = output_words[channel->use.id];
	struct buf line;
	char *name;

	if (channel->hidden || !log_wants(LEVEL_DEBUG) ||
	    (name = str_repr(channel->use.name)) == NULL)
		return;
	buf_init(&line, 0);
	if (buf_printf(&line, "%s %s output:\n", name, word) == 0 &&
	    append_text(&line, channel, bytes, n) == 0)
		log_bytes(LEVEL_DEBUG, buf_data(&line), buf_len(&line));
	buf_clear(&line);
	free(name);
}

static size_t
strip(const struct output *channel, char *bytes, size_t n)
{
	return *channel->use.strip_ansi ? ansi_strip(bytes, n) : n;
}

static bool
fills(const struct output *channel)
{
	return channel->use.log != NULL && logfile_fills(channel->use.log);
}

static void
write_log(void *ctx, char *bytes, size_t n)
{
	struct output *channel = ctx;

	/* A log that cannot be written has said so; the child must not feel it. */
	if (fills(channel))
		backlogs_write(channel->use.backlogs, channel->use.log, bytes, n);
	else if (channel->use.log != NULL)
		(void)logfile_write(channel->use.log, bytes, n);
	if (channel->use.syslog != NULL)
		syslogger_write(channel->use.syslog, channel->use.name, bytes, n);
}

/* The log may well have less than what was said. */
static void
put_protocol(struct output *channel, char *bytes, size_t n)
{
	copy_to_mainlog(channel, bytes, n);
	channel->ops->output(channel->ctx, channel->use.id, bytes, n);
	write_log(channel, bytes, strip(channel, bytes, n));
}

/* Captured text is no matter of the log. */
static void
put(void *ctx, char *bytes, size_t n, bool captured)
{
	struct output *channel = ctx;

	n = strip(channel, bytes, n);
	if (!captured)
		write_log(channel, bytes, n);
	copy_to_mainlog(channel, bytes, n);
	if (channel->ops != NULL && channel->ops->output != NULL)
		channel->ops->output(channel->ctx, channel->use.id, bytes, n);
}

static void
communicate(void *ctx, char *bytes, size_t n)
{
	struct output *channel = ctx;

	channel->ops->communication(
	    channel->ctx, channel->use.id, bytes, strip(channel, bytes, n));
	log_debug("'%s' %s emitted a comm event", channel->use.name,
	    output_words[channel->use.id]);
}

static void
leave_over(void *ctx, char *bytes, size_t n)
{
	write_log(ctx, bytes, strip(ctx, bytes, n));
}

static const struct capture_ops capture_ops = {
    .output = put, .communication = communicate, .leftover = leave_over};

static void
stop_waiting(struct output *channel)
{
	source_free(channel->room);
	channel->room = NULL;
	fd_close(channel->room_fd);
	channel->room_fd = -1;
}

static void
output_close(struct output *channel)
{
	log_debug("fd %d closed, stopped monitoring <channel for %s (%s)>", channel->fd,
	    channel->use.name, output_words[channel->use.id]);
	stop_waiting(channel);
	source_free(channel->source);
	close(channel->fd);
	channel->source = NULL;
	channel->fd = -1;
}

/* One read of at most n bytes; how many came, 0 when there is nothing more for now. */
static size_t
output_pull(struct output *channel, size_t n)
{
	UNINITIALIZED char bytes[READ_MAX];
	ssize_t got;

	if (channel->fd == -1)
		return 0;
	got = read(channel->fd, bytes, n < sizeof(bytes) ? n : sizeof(bytes));
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0) {
		output_close(channel);
		return 0;
	}
	if (channel->capture != NULL)
		capture_feed(channel->capture, bytes, (size_t)got);
	else if (is_protocol(channel))
		put_protocol(channel, bytes, (size_t)got);
	else
		put(channel, bytes, (size_t)got, false);
	return (size_t)got;
}

static void on_ready(void *ctx, uint32_t ready);

static void
on_room(void *ctx, uint32_t ready UNUSED)
{
	struct output *channel = ctx;

	channel->source =
	    loop_fd(channel->loop, channel->fd, EPOLLIN, on_ready, channel);
	if (channel->source != NULL)
		stop_waiting(channel);
}

/* What must be writable before more is read, or -1: what an earlier process left for the
 * same log goes before. */
static int
full_fd(const struct output *channel)
{
	struct logfile *log = channel->use.log;
	int fd = -1;

	if (fills(channel)) {
		fd = backlogs_fd(channel->use.backlogs, logfile_path(log));
		if (fd == -1 && logfile_is_full(log))
			fd = logfile_fd(log);
	}
	if (fd == -1 && channel->ops != NULL && channel->ops->full_fd != NULL)
		fd = channel->ops->full_fd(channel->ctx);
	return fd;
}

/* The log takes nothing more: the child waits for its reader, as it would if it wrote there
 * itself, and nobody else does. 0, or -1 when that cannot be. */
static int
wait_for_room(struct output *channel, int full)
{
	channel->room_fd = fcntl(full, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (channel->room_fd == -1)
		return -1;
	channel->room =
	    loop_fd(channel->loop, channel->room_fd, EPOLLOUT, on_room, channel);
	if (channel->room == NULL) {
		stop_waiting(channel);
		return -1;
	}
	/* A source that wants nothing would still be told, again and again, of the end. */
	source_free(channel->source);
	channel->source = NULL;
	return 0;
}

static void
pull_what_fits(struct output *channel, size_t most)
{
	size_t got;
	int full;

	do {
		full = full_fd(channel);
		if (full != -1 && wait_for_room(channel, full) == 0)
			return;
		got = output_pull(channel, PIPE_BUF);
		most -= got;
	} while (got == PIPE_BUF && most >= PIPE_BUF);
}

static void
on_ready(void *ctx, uint32_t ready UNUSED)
{
	struct output *channel = ctx;
	size_t most = channel->use.syslog != NULL ? READ_SYSLOG : READ_MAX;

	if (fills(channel) || (channel->ops != NULL && channel->ops->full_fd != NULL))
		pull_what_fits(channel, most);
	else
		output_pull(channel, most);
}

struct output *
output_new(struct loop *loop, int fd, const struct output_use *use)
{
	struct output *channel;

	if ((channel = malloc(sizeof(*channel))) == NULL)
		return NULL;
	*channel = (struct output){.loop = loop, .fd = fd, .hidden = use->hidden,
	    .room_fd = -1, .use = *use};
	if (fd == -1)
		return channel;
	if ((channel->source = loop_fd(loop, fd, EPOLLIN, on_ready, channel)) == NULL) {
		free(channel);
		return NULL;
	}
	return channel;
}

void
output_free(struct output *channel)
{
	if (channel == NULL)
		return;
	stop_waiting(channel);
	if (channel->fd != -1) {
		source_free(channel->source);
		close(channel->fd);
	}
	capture_free(channel->capture);
	logfile_free(channel->use.log);
	free(channel);
}

void
output_drain(struct output *channel, size_t most)
{
	size_t got;

	while (most > 0 && (got = output_pull(channel, most)) > 0)
		most -= got;
}

int
output_tell(struct output *channel, const struct output_ops *ops, void *ctx,
    int64_t capture_maxbytes)
{
	channel->ops = ops;
	channel->ctx = ctx;
	if (capture_maxbytes == 0)
		return 0;
	channel->capture = capture_new(capture_maxbytes, &capture_ops, channel);
	return channel->capture == NULL ? -1 : 0;
}

void
output_finish(struct output *channel)
{
	if (channel->capture != NULL)
		capture_finish(channel->capture);
}

struct logfile *
output_log(const struct output *channel)
{
	return channel->use.log;
}

struct capture *
output_capture(const struct output *channel)
{
	return channel->capture;
}

const struct output_record *
output_record(const struct output *channel)
{
	return &channel->record;
}
