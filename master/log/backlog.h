/* Backlog: output for a log that is a full pipe or terminal: the last output of a process
 * that has ended, and printed results of event listeners. It is written in order as its
 * reader continues; the daemon waits for that before it ends. */
#ifndef MASTER_LOG_BACKLOG_H
#define MASTER_LOG_BACKLOG_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loop.h"
#include "master/log/logfile.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes for one path. After an overflow, new output is lost until all is written. */
#define BACKLOG_MAX (16 * 1024 * 1024)

struct backlogs;

/* The fields for one log in the state document, which has the path as well. */
#define BACKLOG_FIELDS(ROW, S)								\
	ROW(S, BUF, bytes)								\
	ROW(S, U64, lost)	/* bytes that followed, lost and not reported yet */
struct backlog_record FIELDS(BACKLOG_FIELDS);

struct backlogs *backlogs_new(struct loop *); /* NULL with ENOMEM */
/* Output that still waits is lost, which is logged. NULL is fine. */
void backlogs_free(struct backlogs *);
/* Writes to a log for which logfile_fills() is true (borrowed), after the backlog of its
 * path, and keeps what it does not accept now. Bytes beyond the bound are lost, which is
 * reported in the main log and in the log itself. */
void backlogs_write(struct backlogs *, struct logfile *, const void *bytes, size_t n);
/* The descriptor that the backlog of the path waits for, or -1 without a backlog. */
int backlogs_fd(const struct backlogs *, const char *path);
/* Calls done once, when no backlog is left or after ms; perhaps before it returns. */
void backlogs_finish(struct backlogs *, int64_t ms, void (*done)(void *ctx), void *ctx);

/* For the state document: the index-th path and its record (borrowed), or NULL at the end;
 * and restore one: 0, or -1 with errno. */
const char *backlogs_get(
    const struct backlogs *, size_t index, const struct backlog_record **);
NODISCARD int backlogs_restore(
    struct backlogs *, const char *path, const struct backlog_record *);

#endif
