/* Output: one output of a child: reads its pipe, removes escape sequences, writes to the
 * log file and to syslog, and copies to the main log at level DEBG. Bytes are never
 * decoded. The pipe is always read, except while the log is a full pipe or terminal that
 * we inherited: then the child waits for the reader of that. */
#ifndef MASTER_CHILD_OUTPUT_H
#define MASTER_CHILD_OUTPUT_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loop.h"
#include "master/config/config.h"
#include "master/log/logfile.h"
#include "master/log/syslogger.h"

#include <stdbool.h>

extern const char *const output_words[OUTPUT_MAX]; /* "stdout", "stderr" */

/* Its fields in the state document. */
#define OUTPUT_FIELDS(ROW, S)								\
	ROW(S, FD, fd)		/* -1 once the child has closed its end */		\
	ROW(S, BOOL, hidden)	/* not copied to the main log */

/* The use of an output; borrowed members must outlive the output. */
struct output_use {
	const char *name; /* of the process; borrowed */
	enum output_id id;
	struct logfile *log;       /* taken; NULL = none */
	struct syslogger *syslog;  /* borrowed; NULL = none */
	struct backlogs *backlogs; /* borrowed; keeps what a full log does not accept */
	const bool *strip_ansi;    /* borrowed; read whenever there is output */
	uint64_t *logged;          /* borrowed; counts the bytes for the log; NULL = none */
	bool hidden;               /* not copied to the main log */
};

/* Another receiver of the output; callbacks that are NULL are not called. */
struct output_ops {
	/* Output that was read, after it was logged. */
	void (*output)(void *ctx, enum output_id, const char *bytes, size_t n);
	/* Output between the tokens of capture mode. */
	void (*communication)(void *ctx, enum output_id, const char *bytes, size_t n);
	/* The descriptor that must be writable before more is read; -1 = none. */
	int (*full_fd)(void *ctx);
	/* The output is a protocol: received with its escape sequences, before logging. */
	bool is_protocol;
};

struct output {
	struct loop *loop;
	struct source *source; /* NULL while the log is full, and once closed */
	struct FIELDS(OUTPUT_FIELDS);
	/* While the log is full: its descriptor, duplicated, as the log may be reopened. */
	struct source *writable;
	int writable_fd; /* -1 = the log is not full */
	struct output_use use;
	const struct output_ops *ops;
	void *ctx;
	struct capture *capture; /* owned; NULL = no capture mode */
};

/* New; takes the non-blocking read end `fd`, -1 = closed by the child already. NULL with
 * errno, and nothing is taken. */
struct output *output_new(struct loop *, int fd, const struct output_use *);
void output_free(struct output *); /* NULL is fine */
/* Sets the receiver; ops and ctx are borrowed. capture_maxbytes 0 = no capture mode. 0, or
 * -1 with ENOMEM. */
NODISCARD int output_listen(
    struct output *, const struct output_ops *, void *ctx, int64_t capture_maxbytes);
/* Nothing more will be read: writes what capture mode held back. */
void output_finish(struct output *);
/* Reads what is in the pipe now, at most `max` bytes, after the child was reaped. What the
 * log does not accept remains as backlog. */
void output_drain(struct output *, size_t max);

#endif
