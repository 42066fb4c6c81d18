/* Logfile: a file that is appended to and rotated as supervisord does: the main log and
 * every child's. */
#ifndef MASTER_LOG_LOGFILE_H
#define MASTER_LOG_LOGFILE_H

#include "common/compiler.h"
#include "common/fields.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct logfile;

/* What the state document has of it, beside its path. */
#define LOGFILE_FIELDS(ROW, S)								\
	ROW(S, U64, generation)	/* how often it was rotated, cleared or reopened */	\
	ROW(S, U64, lost)	/* bytes that it lacks and does not say yet */		\
	ROW(S, INT, lost_errno)	/* why */						\
	ROW(S, BOOL, in_line)	/* the last byte written was not the end of a line */
struct logfile_record FIELDS(LOGFILE_FIELDS);

/* Opens for appending, creating with 0666 & ~umask. What is no regular file (a FIFO, a
 * device) and what we were given (/dev/stdout, /dev/fd/N) is never waited for, rotated or
 * removed. New, or NULL with errno. */
struct logfile *logfile_open(const char *path, int64_t maxbytes, int64_t backups);
/* Closes; what was lost is reported in the file, or else logged. NULL is fine. */
void logfile_free(struct logfile *);
/* Appends all n bytes, then rotates when the size has reached maxbytes, at most once a
 * minute when that fails. What cannot be written is lost, and the file says how much in a
 * line of its own as soon as it can be written again. Failures are logged once a minute
 * (through log_limited, so the main log's own caller must not loop: it passes quiet). 0, or
 * -1 with errno. */
int logfile_write(struct logfile *, const void *bytes, size_t n);
/* Of one that fills: how many bytes it takes now. All, when it cannot be written at all:
 * that has been logged. */
size_t logfile_put(struct logfile *, const void *bytes, size_t n);
/* So many bytes for it were lost elsewhere, for this reason: as if writing them had failed.
 * The next logfile_put reports them in the file, of none too. */
void logfile_lose(struct logfile *, uint64_t n, int error);
void logfile_quiet(struct logfile *, bool quiet);
/* What the last failure could not do: "write", "rotate", "reopen", "clear"; NULL = none. */
const char *logfile_failure(const struct logfile *);
const char *logfile_path(const struct logfile *);
/* Opens its path again (USR2). 0, or -1 with errno: it stays what it was, and has said so
 * as writing would. */
int logfile_reopen(struct logfile *);
/* Puts a new file in the place of a regular file; anything else stays. 0, or -1 with errno
 * (ENOENT: it was not there). */
NODISCARD int logfile_clear(struct logfile *);
/* False when maxbytes has no meaning for the path: a FIFO, a terminal, /dev/stdout. */
bool logfile_can_rotate(const char *path);
/* For the state document: borrowed, to be read or filled. */
struct logfile_record *logfile_record(struct logfile *);
/* For the state document, and to wait for: the descriptor. */
int logfile_fd(const struct logfile *);
/* True for a pipe, socket or terminal that we were given: somebody reads it, whom its
 * writers can wait for. It takes PIPE_BUF bytes whole unless it is full. */
bool logfile_fills(const struct logfile *);
bool logfile_is_full(const struct logfile *);

#endif
