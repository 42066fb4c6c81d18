/* Log stream: the last bytes of a log, then what is appended to it, from an open file
 * or over HTTP. */
#ifndef CTL_LOG_STREAM_H
#define CTL_LOG_STREAM_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOG_STREAM_LAST 1024 /* bytes that it begins with, as supervisord does */

struct log_stream;
struct http_client;

struct log_request {
	const char *name;   /* namespec; NULL = the main log */
	const char *stream; /* "stdout" or "stderr" */
	bool by_lines;      /* a stream begins with … */
	int64_t lines;      /* … its last lines, not with LOG_STREAM_LAST bytes */
};

/* The daemon, which knows where the log is. */
struct log_stream_origin {
	/* 0 with *fd new, or -1 in it when there is none; or -1: the daemon is gone. */
	int (*open)(void *ctx, const struct log_request *, int *fd);
	bool (*is_gone)(void *ctx);
	int ask_ms; /* a log that has not grown for so long may be in another file */
};

/* New: from a file (taken), which is reopened by the origin when another one has taken its
 * place. The origin and its context are borrowed. */
struct log_stream *log_stream_of_file(
    const struct log_stream_origin *, void *ctx, const struct log_request *, int fd);
/* New: the body of a response (taken). */
struct log_stream *log_stream_of_http(struct http_client *);
void log_stream_free(struct log_stream *); /* NULL is fine */
/* Bytes that are there now: how many, 0 for none, -1 at its end. */
NODISCARD ssize_t log_stream_read(struct log_stream *, char *bytes, size_t n);
/* A descriptor to poll for input, or -1: it has to be read from time to time. */
int log_stream_fd(const struct log_stream *);

#endif
