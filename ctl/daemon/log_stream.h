/* Feed: a log that is followed: its last bytes, then what is appended, whether it is an
 * open file or comes over HTTP. */
#ifndef CTL_LOG_STREAM_H
#define CTL_LOG_STREAM_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FEED_LAST 1024	/* bytes that it begins with, as supervisord does */

struct feed;
struct http;

struct feed_log {
	const char *name;	/* namespec; NULL = the main log */
	const char *stream;	/* "stdout" or "stderr" */
	bool by_lines;		/* when it is followed it begins with … */
	int64_t lines;		/* … its last lines, not with FEED_LAST bytes */
};

/* Who knows where the log is. */
struct feed_daemon {
	/* 0 with *fd new, or -1 in it when there is none; or -1: the daemon is gone. */
	int (*open)(void *ctx, const struct feed_log *, int *fd);
	bool (*is_gone)(void *ctx);
	int ask_ms;	/* a log that has not grown for so long may have another file */
};

/* New: from a file (taken), asking the daemon again where the log is. The daemon and its
 * context are borrowed. */
struct feed *feed_of_file(const struct feed_daemon *, void *ctx, const struct feed_log *,
    int fd);
/* New: the body of a response (taken). */
struct feed *feed_of_http(struct http *);
void feed_free(struct feed *);	/* NULL is fine */
/* Bytes that are there now: how many, 0 for none, -1 at its end. */
NODISCARD ssize_t feed_read(struct feed *, char *bytes, size_t n);
/* Something to poll for input, or -1: it has to be asked. */
int feed_fd(const struct feed *);

#endif
