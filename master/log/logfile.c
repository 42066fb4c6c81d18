#include "master/log/logfile.h"

#include "common/clock.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/safepath.h"
#include "common/str.h"
#include "master/log/logrotate.h"
#include "master/log/logtarget.h"
#include "master/log/nonblocking_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MEM_MAJOR 1    /* major number of /dev/null, /dev/zero and /dev/full */
#define CHECK_MS 1000  /* between checks whether another program has rotated a file */
#define RETRY_MS 60000 /* from a rotation that failed to the next attempt */

struct logfile {
	char *path;
	struct nonblocking_writer out;
	struct safepath_id id; /* of the open file */
	int64_t checked_ms;    /* the last check whether the path still names that file */
	int64_t retry_ms;      /* no rotation before this time; 0 = none has failed */
	int64_t maxbytes, backups;
	union {
		struct logfile_record record;
		struct FIELDS(LOGFILE_FIELDS);
	};
	const char *failure;              /* see logfile_failure() */
	struct log_limit writing, naming; /* log lines about failures of two kinds */
	bool named; /* the path is the name of a regular file, which can be replaced */
	bool quiet;
};

/* Logs at most one line a minute for each kind of failure. `why`: see safepath.h. Keeps
 * errno; always -1. */
static int
logfile_fail(
    struct logfile *file, struct log_limit *limit, const char *what, const char *why)
{
	file->failure = what;
	if (!file->quiet)
		log_limited(limit, LEVEL_ERROR, "could not %s log file %s: %s%s%s%s", what,
		    file->path, str_errno_name(errno), *why != '\0' ? " (" : "", why,
		    *why != '\0' ? ")" : "");
	return -1;
}

/* --- opening ------------------------------------------------------------------ */

static bool
logfile_is_inherited(const char *path)
{
	int unused;

	return safepath_inherited_fd(path, &unused);
}

/* Replaces the open file. */
static void
logfile_take(
    struct logfile *file, const struct nonblocking_writer *out_take, const struct stat *st)
{
	nonblocking_writer_close(&file->out);
	file->out = *out_take;
	file->id = safepath_id_of(st);
	file->checked_ms = clock_mono_ms();
	file->named = S_ISREG(st->st_mode) && !logfile_is_inherited(file->path);
	/* Others may have written to the file, so its last byte is not known. */
	file->in_line = !S_ISREG(st->st_mode) || st->st_size > 0;
}

/* Opens the file that the path names now. 0; or -1 with errno and `why`, and the old file
 * stays open. */
static int
logfile_attach(struct logfile *file, char *why)
{
	struct nonblocking_writer out;
	struct stat st;

	if (logtarget_open(file->path, &out, &st, why) == -1)
		return -1;
	logfile_take(file, &out, &st);
	return 0;
}

static void
logfile_destroy(struct logfile *file)
{
	nonblocking_writer_close(&file->out);
	free(file->path);
	free(file);
}

/* Takes the descriptor. 0, or -1 with errno. */
static int
logfile_continue(struct logfile *file, int fd)
{
	struct nonblocking_writer out;
	struct stat st;

	if (nonblocking_writer_adopt(&out, fd, logfile_is_inherited(file->path)) == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		return fd_fail(fd, errno);
	logfile_take(file, &out, &st);
	return 0;
}

struct logfile *
logfile_open(const char *path, int64_t maxbytes, int64_t backups)
{
	return logfile_adopt(path, maxbytes, backups, -1);
}

struct logfile *
logfile_adopt(const char *path, int64_t maxbytes, int64_t backups, int fd)
{
	struct logfile *file = calloc(1, sizeof(*file));
	char why[SAFEPATH_WHY] = "";
	int saved;

	if (file == NULL) {
		fd_close(fd);
		return NULL;
	}
	file->out = NONBLOCKING_WRITER_NONE;
	file->maxbytes = maxbytes;
	file->backups = backups;
	file->path = strdup(path);
	if (file->path != NULL &&
	    (fd != -1 ? logfile_continue(file, fd) : logfile_attach(file, why)) == 0)
		return file;
	saved = errno;
	if (file->path == NULL)
		fd_close(fd);
	/* The caller logs errno, but this reason is not in errno. */
	if (*why != '\0')
		log_error("could not open log file %s: %s (%s)", path,
		    str_errno_name(saved), why);
	logfile_destroy(file);
	return fail_null(saved);
}

/* --- rotation ----------------------------------------------------------------- */

/* Replaces the open file by a new one that the path names. 0, or -1 with errno. */
static int
logfile_take_new(struct logfile *file, int fd_take)
{
	const struct nonblocking_writer out = { .fd = fd_take };
	struct stat st;

	if (fstat(fd_take, &st) == -1)
		return fd_fail(fd_take, errno);
	logfile_take(file, &out, &st);
	return 0;
}

/* The path may name another file, or none, because another program rotates or writes the
 * log too. Then that file is opened, or a new one is created. supervisord would rotate the
 * other program's new file away, or overwrite its lines. */
static int
logfile_rotate_in(struct logfile *file, struct safepath *sp)
{
	struct stat st;
	int fd;

	if (sp->magic)
		return fail_with(EXDEV);
	if (safepath_stat(sp, sp->name, &st) == -1 || !safepath_id_equal(&file->id, &st))
		return logfile_attach(file, sp->why);
	if (file->backups <= 0)
		return safepath_truncate(sp, file->out.fd, 0);
	fd = logrotate(sp, file->backups);
	if (fd == -1)
		return errno == EEXIST ? logfile_attach(file, sp->why) : -1;
	return logfile_take_new(file, fd);
}

/* After a failure, the file is kept and appended to. */
static int
logfile_rotate(struct logfile *file)
{
	int64_t now = clock_mono_ms();
	struct safepath sp;
	int rc;

	if (file->retry_ms != 0 && now < file->retry_ms)
		return 0;
	rc = safepath_find(&sp, file->path, 0);
	if (rc == 0)
		rc = logfile_rotate_in(file, &sp);
	safepath_close(&sp);
	file->retry_ms = rc == 0 ? 0 : now + RETRY_MS;
	if (rc == -1)
		return logfile_fail(file, &file->naming, "rotate", sp.why);
	file->generation++;
	return 0;
}

/* Another program may have renamed and replaced the file to rotate it. Output that we wrote
 * to the renamed file would disappear with that program's oldest backup. A file that was
 * renamed but not replaced is kept, as logrotate(8) expects before it sends USR2. stat()
 * only compares; opening the file follows the rule of safepath.h. */
static void
logfile_follow_rotation(struct logfile *file)
{
	int64_t now = clock_mono_ms();
	struct stat st;

	if (!file->named || now - file->checked_ms < CHECK_MS)
		return;
	file->checked_ms = now;
	if (stat(file->path, &st) == 0 && !safepath_id_equal(&file->id, &st))
		(void)logfile_reopen(file);
}

/* --- writing ------------------------------------------------------------------ */

static size_t
logfile_append(struct logfile *file, const char *bytes, size_t n)
{
	size_t done = nonblocking_writer_put(&file->out, bytes, n);

	if (done > 0)
		file->in_line = bytes[done - 1] != '\n';
	return done;
}

/* Writes a line about lost bytes in their place. False when it cannot be written. */
static bool
logfile_report_loss(struct logfile *file)
{
	char line[128];
	int n;

	if (file->lost == 0)
		return true;
	n = snprintf(line, sizeof(line), "%s[reeve: %" PRIu64 " bytes lost: %s]\n",
	    file->in_line ? "\n" : "", file->lost, strerror(file->lost_errno));
	if (logfile_append(file, line, (size_t)n) < (size_t)n)
		return false;
	file->lost = 0;
	return true;
}

void
logfile_free(struct logfile *file)
{
	if (file == NULL)
		return;
	if (!logfile_report_loss(file) && !file->quiet)
		log_error("log file %s: could not write the last %" PRIu64 " bytes: %s",
		    file->path, file->lost, str_errno_name(file->lost_errno));
	logfile_destroy(file);
}

int
logfile_write(struct logfile *file, const void *bytes, size_t n)
{
	size_t done;

	logfile_follow_rotation(file);
	done = logfile_report_loss(file) ? logfile_append(file, bytes, n) : 0;
	if (done < n) {
		logfile_lose(file, n - done, errno);
		return logfile_fail(file, &file->writing, "write", "");
	}
	if (file->named && file->maxbytes > 0 &&
	    lseek(file->out.fd, 0, SEEK_CUR) >= file->maxbytes)
		return logfile_rotate(file);
	return 0;
}

size_t
logfile_put(struct logfile *file, const void *bytes, size_t n)
{
	size_t done = logfile_report_loss(file) ? logfile_append(file, bytes, n) : 0;

	if (done == n || errno == EAGAIN)
		return done;
	logfile_lose(file, n - done, errno);
	(void)logfile_fail(file, &file->writing, "write", "");
	return n;
}

void
logfile_lose(struct logfile *file, uint64_t n, int error)
{
	file->lost += n;
	file->lost_errno = error;
}

void
logfile_quiet(struct logfile *file, bool quiet)
{
	file->quiet = quiet;
}

const char *
logfile_failure(const struct logfile *file)
{
	return file->failure;
}

const char *
logfile_path(const struct logfile *file)
{
	return file->path;
}

int
logfile_reopen(struct logfile *file)
{
	char why[SAFEPATH_WHY];

	if (logfile_attach(file, why) == -1)
		return logfile_fail(file, &file->naming, "reopen", why);
	file->generation++;
	return 0;
}

int
logfile_clear(struct logfile *file)
{
	int gone = 0, fd = -1;
	struct safepath sp;
	struct stat st;

	/* Replacing a device, a FIFO or an inherited file would clear nothing, and break
	 * its other users. */
	if (logfile_is_inherited(file->path) ||
	    (stat(file->path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return 0;
	if (safepath_find(&sp, file->path, 0) == 0) {
		gone = safepath_stat(&sp, sp.name, &st) == -1 ? errno : 0;
		fd = logrotate_renew(&sp);
	}
	safepath_close(&sp);
	if (fd == -1 || logfile_take_new(file, fd) == -1)
		return logfile_fail(file, &file->naming, "clear", sp.why);
	file->generation++;
	return gone == 0 ? 0 : fail_with(gone);
}

struct logfile_record *
logfile_record(struct logfile *file)
{
	return &file->record;
}

bool
logfile_can_rotate(const char *path)
{
	struct stat st;

	if (logfile_is_inherited(path))
		return false;
	return stat(path, &st) == -1 || S_ISREG(st.st_mode) ||
	    (S_ISCHR(st.st_mode) && major(st.st_rdev) == MEM_MAJOR);
}

bool
logfile_fills(const struct logfile *file)
{
	return file->out.fills;
}

bool
logfile_is_full(const struct logfile *file)
{
	return nonblocking_writer_is_full(&file->out);
}

int
logfile_fd(const struct logfile *file)
{
	return file->out.fd;
}
