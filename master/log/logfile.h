/* Logfile: a file that is appended to and rotated as supervisord does: the main log and
 * the log of each output of a child. */
#ifndef MASTER_LOG_LOGFILE_H
#define MASTER_LOG_LOGFILE_H

#include "common/compiler.h"
#include "common/fields.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct logfile;

/* Its fields in the state document, which has the path as well. */
#define LOGFILE_FIELDS(ROW, S)								\
	ROW(S, U64, generation)	/* how often it was rotated, cleared or reopened */	\
	ROW(S, U64, lost)	/* bytes that are lost and not reported in the file */	\
	ROW(S, INT, lost_errno)	/* why */						\
	ROW(S, BOOL, in_line)	/* the last byte written was not the end of a line */
struct logfile_record FIELDS(LOGFILE_FIELDS);

/* Opens for appending, creating with 0666 & ~umask. A FIFO, a device and an inherited
 * descriptor (/dev/stdout, /dev/fd/N) are never waited for, rotated or removed. New, or
 * NULL with errno. */
struct logfile *logfile_open(const char *path, int64_t maxbytes, int64_t backups);
/* The same with the descriptor (taken) that an earlier process had open: the path is not
 * opened, because it may name another file now. -1 = none: opens the path. */
struct logfile *logfile_adopt(
    const char *path, int64_t maxbytes, int64_t backups, int fd_take);
/* Closes the file; reports lost bytes in it, or in the main log. NULL is fine. */
void logfile_free(struct logfile *);
/* Appends n bytes, then rotates when the size has reached maxbytes; a rotation that failed
 * is retried after a minute. Bytes that cannot be written are lost, and their number is
 * reported in a line of the file when that is possible again. Failures are logged once a
 * minute, unless the file is quiet. 0, or -1 with errno. */
int logfile_write(struct logfile *, const void *bytes, size_t n);
/* Writes to a file for which logfile_fills() is true. Returns how many bytes it accepted;
 * all, after an error, which was logged. */
size_t logfile_put(struct logfile *, const void *bytes, size_t n);
/* Records that the caller has lost n bytes of the file. The next logfile_put, which may be
 * empty, reports them in the file. */
void logfile_lose(struct logfile *, uint64_t n, int error);
/* A quiet file logs no failures: the main log must not log to itself. */
void logfile_quiet(struct logfile *, bool quiet);
/* The operation that failed last: "write", "rotate", "reopen", "clear"; NULL = none. */
const char *logfile_failure(const struct logfile *);
const char *logfile_path(const struct logfile *);
/* Opens the path again (USR2). 0; or -1 with errno, logged as above, and the old file stays
 * open. */
int logfile_reopen(struct logfile *);
/* Replaces a regular file with an empty one; anything else is not changed. 0, or -1 with
 * errno; after ENOENT, the file did not exist but was created. */
NODISCARD int logfile_clear(struct logfile *);
/* False when maxbytes has no meaning for the path: a FIFO, a terminal, /dev/stdout. */
bool logfile_can_rotate(const char *path);
/* For the state document: borrowed, to be read or filled. */
struct logfile_record *logfile_record(struct logfile *);
int logfile_fd(const struct logfile *); /* to wait for, and for the state document */
/* True for an inherited pipe, socket or terminal, whose reader can make a writer wait. When
 * it is not full, it accepts PIPE_BUF bytes. */
bool logfile_fills(const struct logfile *);
bool logfile_is_full(const struct logfile *);

#endif
