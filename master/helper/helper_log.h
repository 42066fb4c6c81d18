/* Helper log: copies the lines that a helper process writes to its standard error to the
 * main log, with the helper's name, and at most 100 a second. */
#ifndef MASTER_HELPER_HELPER_LOG_H
#define MASTER_HELPER_HELPER_LOG_H

#include "common/buf.h"
#include "common/compiler.h"
#include "common/loglimit.h"
#include "common/loop.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether a line is logged without the helper's name before it. */
typedef bool helper_log_fn(enum log_level, const char *text, size_t n);

struct helper_log {
	const char *name;            /* of the helper; borrowed */
	helper_log_fn *without_name; /* NULL = every line gets the name */
	int fd;                      /* -1 = closed */
	struct source *source;
	struct buf line;
	int64_t window_ms; /* the beginning of the current second */
	unsigned lines;    /* in this second */
	unsigned dropped;  /* lines, not reported yet */
	struct log_limit drops;
};

void helper_log_init(struct helper_log *, const char *name, helper_log_fn *);
/* Takes the read end of a pipe. 0, or -1 with errno. */
NODISCARD int helper_log_open(struct helper_log *, struct loop *, int fd);
/* Reads the rest, then closes. */
void helper_log_close(struct helper_log *);

#endif
