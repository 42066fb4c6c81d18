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

#define MEM_MAJOR 1    /* /dev/null and its like: written to without end */
#define LOOK_MS 1000   /* how long another may rotate a file before it is noticed */
#define RETRY_MS 60000 /* from a rotation that failed to the next attempt */

struct logfile {
	char *path;
	struct nonblocking_writer out;
	struct safepath_id id; /* of what is open */
	int64_t looked_ms;     /* when was looked whether the path still names it */
	int64_t retry_ms;      /* no rotation before; 0 = none has failed */
	int64_t maxbytes, backups;
	union {
		struct logfile_record record;
		struct FIELDS(LOGFILE_FIELDS);
	};
	const char *failure;              /* what the last failure could not do */
	struct log_limit writing, naming; /* lines on failures of two kinds */
	bool named; /* a regular file of that name, which can be renamed and replaced */
	bool quiet;
};

/* Keeps errno. One line a minute for each kind of failure. `why`: see safepath.h. */
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
logfile_is_given(const char *path)
{
	int unused;

	return safepath_given(path, &unused);
}

/* Replaces what is open, if anything. */
static void
logfile_take(
    struct logfile *file, const struct nonblocking_writer *out_take, const struct stat *st)
{
	nonblocking_writer_close(&file->out);
	file->out = *out_take;
	file->id = safepath_id_of(st);
	file->looked_ms = clock_mono_ms();
	file->named = S_ISREG(st->st_mode) && !logfile_is_given(file->path);
	/* How a file ends that others have written is not known. */
	file->in_line = !S_ISREG(st->st_mode) || st->st_size > 0;
}

/* Opens what the path names now. 0, or -1 with errno and `why`, and nothing changed. */
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

struct logfile *
logfile_open(const char *path, int64_t maxbytes, int64_t backups)
{
	struct logfile *file = calloc(1, sizeof(*file));
	char why[SAFEPATH_WHY] = "";
	int saved;

	if (file == NULL)
		return NULL;
	file->out = NONBLOCKING_WRITER_NONE;
	file->maxbytes = maxbytes;
	file->backups = backups;
	if ((file->path = strdup(path)) != NULL && logfile_attach(file, why) == 0)
		return file;
	saved = errno;
	/* What the caller cannot find in errno. */
	if (*why != '\0')
		log_error("could not open log file %s: %s (%s)", path,
		    str_errno_name(saved), why);
	logfile_destroy(file);
	return fail_null(saved);
}

/* --- rotation ----------------------------------------------------------------- */

/* Takes a new file that stands at our path. */
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

/* Where supervisord would go on without O_APPEND, and overwrite a second writer's lines or
 * rotate that one's new file away, we append always and join a file that was put in place,
 * or make one where none is any more. */
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

/* When it fails, what was written stays and is added to. */
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

/* Another program may have renamed the file to rotate it; its oldest backup would take our
 * output away if we wrote on there. A file that was renamed and not replaced is written on,
 * as one expects before USR2. This only looks; what is opened then is found by the rule. */
static void
logfile_follow_rotation(struct logfile *file)
{
	int64_t now = clock_mono_ms();
	struct stat st;

	if (!file->named || now - file->looked_ms < LOOK_MS)
		return;
	file->looked_ms = now;
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

/* A line of its own in the place of what was lost. False when it does not fit either. */
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
		log_error("log file %s lacks %" PRIu64 " bytes at its end: %s", file->path,
		    file->lost, str_errno_name(file->lost_errno));
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

	/* To remove a device, a FIFO or what we were given would clear nothing and break
	 * what others do with it. */
	if (logfile_is_given(file->path) ||
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

	if (logfile_is_given(path))
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
