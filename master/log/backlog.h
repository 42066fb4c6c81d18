/* Backlog: output that its log, a full pipe or terminal, did not take when it had to be
 * written: what a process left behind at its end, and results that are printed. It is
 * written when the reader goes on, in order, and waited for at the end of the daemon. */
#ifndef MASTER_LOG_BACKLOG_H
#define MASTER_LOG_BACKLOG_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loop.h"
#include "master/log/logfile.h"

#include <stddef.h>
#include <stdint.h>

#define BACKLOG_MAX \
	(16 * 1024 * 1024) /* bytes for one path; then all is lost that comes
					 * before they have been written */

struct backlogs;

/* What the state document has of the bytes that wait for one log, beside its path. */
#define BACKLOG_FIELDS(ROW, S)								\
	ROW(S, BUF, bytes)								\
	ROW(S, U64, lost)	/* bytes that came after those, and are not reported yet */
struct backlog_record FIELDS(BACKLOG_FIELDS);

struct backlogs *backlogs_new(struct loop *); /* NULL with ENOMEM */
/* What still waits is lost, which is logged; NULL is fine. */
void backlogs_free(struct backlogs *);
/* Writes to a log that fills (borrowed), behind what waits for its path already; what does
 * not go out now is kept. Bytes beyond the bound are lost, which is logged, also in the log
 * itself. */
void backlogs_write(struct backlogs *, struct logfile *, const void *bytes, size_t n);
/* While bytes wait for the path: the descriptor that must be writable first. Else -1. */
int backlogs_fd(const struct backlogs *, const char *path);
/* Calls done once: when nothing waits any more, at once if that is now, or after at most
 * ms. */
void backlogs_finish(struct backlogs *, int64_t ms, void (*done)(void *ctx), void *ctx);

/* For the state document: the index-th path with its record (borrowed), or NULL at the end;
 * and back: 0, or -1 with errno. */
const char *backlogs_get(
    const struct backlogs *, size_t index, const struct backlog_record **);
NODISCARD int backlogs_put_back(
    struct backlogs *, const char *path, const struct backlog_record *);

#endif
