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
	struct http_client *http;	/* NULL: a file */
	const struct log_stream_origin *daemon;	/* borrowed, as its context is */
	void *ctx;
	char *name, *stream;
	int fd, next;		/* the file, and the one that replaced it or -1 */
	off_t at;
	int64_t asked_ms;
};

struct log_stream *
log_stream_of_file(const struct log_stream_origin *daemon, void *ctx,
    const struct log_request *log, int fd)
{
	struct log_stream *f = xcalloc(1, sizeof(*f));
	struct stat st;

	f->daemon = daemon;
	f->ctx = ctx;
	f->name = log->name != NULL ? xstrdup(log->name) : NULL;
	f->stream = xstrdup(log->stream);
	f->fd = fd;
	f->next = -1;
	if (log->by_lines)
		f->at = last_lines_of_file(fd, log->lines);
	else if (fstat(fd, &st) == 0 && st.st_size > LOG_STREAM_LAST)
		f->at = st.st_size - LOG_STREAM_LAST;
	f->asked_ms = clock_mono_ms();
	return f;
}

struct log_stream *
log_stream_of_http(struct http_client *http)
{
	struct log_stream *f = xcalloc(1, sizeof(*f));

	f->http = http;
	f->fd = f->next = -1;
	return f;
}

void
log_stream_free(struct log_stream *f)
{
	if (f == NULL)
		return;
	http_client_free(f->http);
	fd_close(f->fd);
	fd_close(f->next);
	free(f->name);
	free(f->stream);
	free(f);
}

int
log_stream_fd(const struct log_stream *f)
{
	return f->http != NULL ? http_client_fd(f->http) : -1;
}

static bool
log_stream_is_same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 &&
	    one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* Asks the daemon where the log is now; 0, or -1 when the daemon is gone. */
static int
log_stream_reopen(struct log_stream *f)
{
	const struct log_request log = { .name = f->name, .stream = f->stream };
	int fd = -1;

	f->asked_ms = clock_mono_ms();
	if (f->daemon->open(f->ctx, &log, &fd) == -1)
		return -1;
	if (fd >= 0 && !log_stream_is_same_file(fd, f->fd))
		f->next = fd;
	else if (fd >= 0)
		close(fd);
	return 0;
}

/* Bytes from where reading is. */
static ssize_t
log_stream_file_bytes(struct log_stream *f, char *bytes, size_t n)
{
	ssize_t got = pread(f->fd, bytes, n, f->at);

	if (got == -1)
		return errno == EINTR ? 0 : -1;
	f->at += got;
	return got;
}

/* The file has given all it has: it was cut, or another has its place. */
static ssize_t
log_stream_file_end(struct log_stream *f, char *bytes, size_t n)
{
	struct stat st;

	if (f->next >= 0) {
		close(f->fd);
		f->fd = f->next;
		f->next = -1;
		f->at = 0;
		return log_stream_file_bytes(f, bytes, n);
	}
	if (fstat(f->fd, &st) == 0 && st.st_size < f->at && n >= sizeof(truncated)) {
		f->at = 0;
		return (ssize_t)(stpcpy(bytes, truncated) - bytes);
	}
	return clock_mono_ms() - f->asked_ms >= f->daemon->ask_ms ? log_stream_reopen(f) :
	    0;
}

static ssize_t
log_stream_file_read(struct log_stream *f, char *bytes, size_t n)
{
	ssize_t got;

	if (f->daemon->is_gone(f->ctx))
		return -1;
	got = log_stream_file_bytes(f, bytes, n);
	return got == 0 ? log_stream_file_end(f, bytes, n) : got;
}

ssize_t
log_stream_read(struct log_stream *f, char *bytes, size_t n)
{
	ssize_t got;

	if (f->http == NULL)
		return log_stream_file_read(f, bytes, n);
	got = http_client_read(f->http, bytes, n, false);
	if (got > 0)
		return got;
	return got == -1 && errno == EAGAIN ? 0 : -1;
}
