/* Feed: a log that is followed: its last bytes, then what is appended, whether it is an
 * open file or comes over HTTP. */
#ifndef CTL_FEED_H
#define CTL_FEED_H

#include "common/compiler.h"

#include <stddef.h>
#include <sys/types.h>

#define FEED_LAST 1024	/* bytes that it begins with, as supervisord does */

struct client;
struct feed;
struct http;

struct feed_log {
	const char *name;	/* namespec; NULL = the main log */
	const char *stream;	/* "stdout" or "stderr" */
};

/* New: from a file (taken), asking the daemon again where the log is. */
struct feed *feed_of_file(struct client *, const struct feed_log *, int fd);
/* New: the body of a response (taken). */
struct feed *feed_of_http(struct http *);
void feed_free(struct feed *);	/* NULL is fine */
/* Bytes that are there now: how many, 0 for none, -1 at its end. */
NODISCARD ssize_t feed_read(struct feed *, char *bytes, size_t n);
/* Something to poll for input, or -1: it has to be asked. */
int feed_fd(const struct feed *);

#endif
