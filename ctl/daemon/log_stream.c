#include "ctl/daemon/log_stream.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "ctl/daemon/http_client.h"
#include "ctl/daemon/last_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char truncated[] = "==> File truncated <==\n";

struct log_stream {
	struct http_client *http;               /* NULL: a file */
	const struct log_stream_origin *origin; /* borrowed, and its context */
	void *ctx;
	char *name, *stream;
	int fd, next; /* the file, and the one that replaced it or -1 */
	off_t at;
	int64_t opened_ms; /* when the log was last opened */
};

struct log_stream *
log_stream_of_file(const struct log_stream_origin *origin, void *ctx,
    const struct log_request *log, int fd)
{
	struct log_stream *s = xcalloc(1, sizeof(*s));
	struct stat st;

	s->origin = origin;
	s->ctx = ctx;
	s->name = log->name != NULL ? xstrdup(log->name) : NULL;
	s->stream = xstrdup(log->stream);
	s->fd = fd;
	s->next = -1;
	if (log->by_lines)
		s->at = last_lines_of_file(fd, log->lines);
	else if (fstat(fd, &st) == 0 && st.st_size > LOG_STREAM_LAST)
		s->at = st.st_size - LOG_STREAM_LAST;
	s->opened_ms = clock_mono_ms();
	return s;
}

struct log_stream *
log_stream_of_http(struct http_client *http)
{
	struct log_stream *s = xcalloc(1, sizeof(*s));

	s->http = http;
	s->fd = s->next = -1;
	return s;
}

void
log_stream_free(struct log_stream *s)
{
	if (s == NULL)
		return;
	http_client_free(s->http);
	fd_close(s->fd);
	fd_close(s->next);
	free(s->name);
	free(s->stream);
	free(s);
}

int
log_stream_fd(const struct log_stream *s)
{
	return s->http != NULL ? http_client_fd(s->http) : -1;
}

/* Opens the log again to see whether another file has replaced it; 0, or -1 if the daemon
 * is gone. */
static int
log_stream_reopen(struct log_stream *s)
{
	const struct log_request log = { .name = s->name, .stream = s->stream };
	struct stat now, before;
	int fd = -1;

	s->opened_ms = clock_mono_ms();
	if (s->origin->open(s->ctx, &log, &fd) == -1)
		return -1;
	if (fd >= 0 && fstat(fd, &now) == 0 && fstat(s->fd, &before) == 0 &&
	    now.st_dev == before.st_dev && now.st_ino == before.st_ino)
		fd_close(fd);
	else
		s->next = fd;
	return 0;
}

/* Reads bytes at the current offset. */
static ssize_t
log_stream_bytes(struct log_stream *s, char *bytes, size_t n)
{
	ssize_t got = pread(s->fd, bytes, n, s->at);

	if (got == -1)
		return errno == EINTR ? 0 : -1;
	s->at += got;
	return got;
}

/* At the end of the file: continues with its successor, or at its beginning if it was
 * truncated, or opens the log again. */
static ssize_t
log_stream_at_end(struct log_stream *s, char *bytes, size_t n)
{
	struct stat st;

	if (s->next >= 0) {
		close(s->fd);
		s->fd = s->next;
		s->next = -1;
		s->at = 0;
		return log_stream_bytes(s, bytes, n);
	}
	if (fstat(s->fd, &st) == 0 && st.st_size < s->at && n >= sizeof(truncated)) {
		s->at = 0;
		return (ssize_t)(stpcpy(bytes, truncated) - bytes);
	}
	return clock_mono_ms() - s->opened_ms >= s->origin->reopen_ms ?
	    log_stream_reopen(s) :
	    0;
}

ssize_t
log_stream_read(struct log_stream *s, char *bytes, size_t n)
{
	ssize_t got;

	if (s->http != NULL) {
		got = http_client_read(s->http, bytes, n, false);
		return got > 0 ? got : got == -1 && errno == EAGAIN ? 0 : -1;
	}
	if (s->origin->is_gone(s->ctx))
		return -1;
	got = log_stream_bytes(s, bytes, n);
	return got == 0 ? log_stream_at_end(s, bytes, n) : got;
}
