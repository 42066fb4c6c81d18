/* Output: one output of a child: pipe, escape sequences removed, log file and syslog,
 * copied to the main log at DEBG. Bytes are never decoded, and a pipe is always drained,
 * unless the log is our stdout or the like: then its reader is waited for. */
#ifndef MASTER_CHILD_OUTPUT_H
#define MASTER_CHILD_OUTPUT_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loop.h"
#include "master/config/config.h"
#include "master/log/logfile.h"
#include "master/log/syslogger.h"

#include <stdbool.h>

struct output;

extern const char *const output_words[OUTPUT_MAX]; /* "stdout", "stderr" */

/* What the state document has of it. */
#define OUTPUT_FIELDS(ROW, S)								\
	ROW(S, FD, fd)		/* -1 once the child has closed its end */		\
	ROW(S, BOOL, hidden)	/* no copy in the main log, whatever its level */
struct output_record FIELDS(OUTPUT_FIELDS);

/* Where its output goes, and as what. What is borrowed is so for the output's life. */
struct output_use {
	const char *name; /* borrowed: of the process */
	enum output_id id;
	struct logfile *log;       /* taken; NULL = none */
	struct syslogger *syslog;  /* borrowed; NULL = none */
	struct backlogs *backlogs; /* borrowed: for what a full log cannot take */
	const bool *strip_ansi;    /* borrowed; looked at when output comes */
	bool hidden;               /* no copy in the main log, whatever its level */
};

/* New; takes the read end `fd` (NONBLOCK), -1 = closed by the child already. NULL with
 * errno, and nothing is taken. */
struct output *output_new(struct loop *, int fd, const struct output_use *);
void output_free(struct output *); /* NULL is fine */
/* What else receives the output, as it is read and once it is logged; NULL = nothing does.
 */
struct output_ops {
	void (*output)(void *ctx, enum output_id, const char *bytes, size_t n);
	/* What stood between the tokens of capture mode. */
	void (*communication)(void *ctx, enum output_id, const char *bytes, size_t n);
	/* The descriptor that must be writable before more is read, or -1. NULL = never. */
	int (*full_fd)(void *ctx);
	/* The output is a protocol: passed on as it was read, with its escape sequences. */
	bool is_protocol;
};
/* ops and ctx are borrowed for its life; capture_maxbytes 0 = no capture mode. 0, or -1
 * with ENOMEM. */
NODISCARD int output_tell(
    struct output *, const struct output_ops *, void *ctx, int64_t capture_maxbytes);
/* Nothing more will come: what capture mode held back is written. */
void output_finish(struct output *);
/* Reads what is there now, at most `most` bytes; at reaping. What the
 * log cannot take outlives the output, as backlog. */
void output_drain(struct output *, size_t most);
struct logfile *output_log(const struct output *);     /* borrowed, or NULL */
struct capture *output_capture(const struct output *); /* borrowed, or NULL */
const struct output_record *output_record(const struct output *);

#endif
