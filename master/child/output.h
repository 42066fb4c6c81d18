/* Channel: one output of a child: pipe → escape sequences out → log file and syslog,
 * copied to the main log at DEBG (reference 6.1). Bytes are never decoded and a pipe is
 * never left undrained, but for a log that is our stdout or the like: its reader is waited
 * for. */
#ifndef MASTER_CHILD_OUTPUT_H
#define MASTER_CHILD_OUTPUT_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/config/config.h"
#include "master/log/logfile.h"
#include "master/log/syslogger.h"

#include <stdbool.h>

struct channel;

/* Where its output goes, and as what. What is borrowed is so for the channel's life. */
struct channel_use {
	const char *name, *word;	/* borrowed: process name, "stdout" */
	struct logfile *log;		/* taken; NULL = none */
	struct syslogger *syslog;	/* borrowed; NULL = none */
	struct backlogs *backlogs;	/* borrowed: for what a full log cannot take */
	const bool *strip_ansi;		/* borrowed; looked at when output comes */
	bool hidden;			/* no copy in the main log, whatever its level */
};

/* New; takes the read end `fd` (NONBLOCK), -1 = closed by the child already. NULL with
 * errno, and nothing is taken. */
struct channel *channel_new(struct loop *, int fd, const struct channel_use *);
void channel_free(struct channel *);	/* NULL is fine */
/* Who else is told of the output, as it is read and once it is logged; and of what capture
 * mode took, when the configuration asks for it (NULL = it does not). */
struct channel_ops {
	void (*output)(void *ctx, const char *bytes, size_t n);
	void (*communication)(void *ctx, const char *bytes, size_t n);
	/* The descriptor that must be writable before more is read, or -1. NULL = never. */
	int (*full_fd)(void *ctx);
	/* The output is a protocol: told as it was read, escape sequences and all. */
	bool is_protocol;
};
/* ops and ctx are borrowed for its life; capture_maxbytes 0 = no capture mode. 0, or -1
 * with ENOMEM. */
NODISCARD int channel_tell(struct channel *, const struct channel_ops *, void *ctx,
    int64_t capture_maxbytes);
/* Nothing more will come: what capture mode held back is written. */
void channel_finish(struct channel *);
/* Reads what is there now, at most `most` bytes; at reaping (reference 3.6 end). What the
 * log cannot take outlives the channel, as backlog. */
void channel_drain(struct channel *, size_t most);
struct logfile *channel_log(const struct channel *);	/* borrowed, or NULL */
struct capture *channel_capture(const struct channel *);	/* borrowed, or NULL */
bool channel_is_hidden(const struct channel *);
int channel_fd(const struct channel *);	/* -1 once the child has closed its end */

#endif
