/* Log stream: reads the last bytes of a log and then what is appended to it, from an open
 * file or over HTTP. */
#ifndef CTL_DAEMON_LOG_STREAM_H
#define CTL_DAEMON_LOG_STREAM_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOG_STREAM_LAST 1024 /* bytes at its beginning, as supervisord's */

struct log_stream;
struct http_client;

struct log_request {
	const char *name;   /* namespec; NULL = the main log */
	const char *stream; /* "stdout" or "stderr" */
	bool by_lines;      /* begin with `lines` lines, not with LOG_STREAM_LAST bytes */
	int64_t lines;
};

/* The daemon, which opens its logs. */
struct log_stream_origin {
	/* 0 with *fd new, -1 if there is no file; or -1 if the daemon is gone. */
	int (*open)(void *ctx, const struct log_request *, int *fd);
	bool (*is_gone)(void *ctx);
	int reopen_ms; /* after so long without growth the log is opened again */
};

/* New: from a file (taken). When another file has replaced it, the origin opens that. The
 * origin and its context are borrowed. */
struct log_stream *log_stream_of_file(
    const struct log_stream_origin *, void *ctx, const struct log_request *, int fd);
/* New: the body of a response (taken). */
struct log_stream *log_stream_of_http(struct http_client *);
void log_stream_free(struct log_stream *); /* NULL is fine */
/* Reads the bytes that are available: their number, 0 for none, -1 at the end. */
NODISCARD ssize_t log_stream_read(struct log_stream *, char *bytes, size_t n);
/* A descriptor to poll for input, or -1: then read it from time to time. */
int log_stream_fd(const struct log_stream *);

#endif
