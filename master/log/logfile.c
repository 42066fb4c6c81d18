#include "master/log/logfile.h"

#include "common/clock.h"
#include "common/fail.h"
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

#define MEM_MAJOR 1	 /* /dev/null and its like: written to without end */
#define LOOK_MS 1000	 /* how long another may rotate a file before it is noticed */
#define RETRY_MS 60000	 /* from a rotation that failed to the next attempt */

struct logfile {
	char *path;
	struct writer out;
	struct safepath_id id;	/* of what is open */
	int64_t looked_ms; /* when was looked whether the path still names it */
	int64_t retry_ms;  /* no rotation before; 0 = none has failed */
	int64_t maxbytes, backups;
	union {
		struct logfile_record record;
		struct FIELDS(LOGFILE_FIELDS);
	};
	const char *failure;	/* what the last failure could not do */
	struct log_limit writing, naming; /* lines on failures of two kinds */
	bool named;   /* a regular file of that name, which can be renamed and replaced */
	bool quiet;
};

/* Keeps errno. One line a minute for each kind of failure. */
static int
complain(struct logfile *file, struct log_limit *limit, const char *what, const char *why)
{
	file->failure = what;
	if (file->quiet)
		return -1;
	if (why != NULL && *why != '\0')
		log_limited(limit, LEVEL_ERROR, "could not %s log file %s: %s (%s)", what,
		    file->path, str_errno_name(errno), why);
	else
		log_limited(limit, LEVEL_ERROR, "could not %s log file %s: %s", what,
		    file->path, str_errno_name(errno));
	return -1;
}

/* --- opening ------------------------------------------------------------------ */

static bool
is_given(const char *path)
{
	int unused;

	return safepath_given(path, &unused);
}

/* Takes an opened target in place of the present one, if any. */
static void
logfile_take(struct logfile *file, const struct writer *out_take, const struct stat *st)
{
	writer_close(&file->out);
	file->out = *out_take;
	file->id = safepath_id_of(st);
	file->looked_ms = clock_mono_ms();
	file->named = S_ISREG(st->st_mode) && !is_given(file->path);
	/* How a file ends that has been written by others is not known. */
	file->in_line = !S_ISREG(st->st_mode) || st->st_size > 0;
}

/* Opens what the path names now. 0, or -1 with errno and `why`, and nothing changed. */
static int
logfile_attach(struct logfile *file, char *why)
{
	struct writer out;
	struct stat st;

	if (logtarget_open(file->path, &out, &st, why) == -1) {
		int saved = errno;

		writer_close(&out);
		return fail_with(saved);
	}
	logfile_take(file, &out, &st);
	return 0;
}

static void
logfile_destroy(struct logfile *file)
{
	writer_close(&file->out);
	free(file->path);
	free(file);
}

struct logfile *
logfile_open(const char *path, int64_t maxbytes, int64_t backups)
{
	char why[SAFEPATH_WHY] = "";
	struct logfile *file;
	int saved;

	if ((file = calloc(1, sizeof(*file))) == NULL)
		return NULL;
	file->out = WRITER_NONE;
	file->maxbytes = maxbytes;
	file->backups = backups;
	if ((file->path = strdup(path)) == NULL || logfile_attach(file, why) == -1) {
		saved = errno;
		/* What the caller cannot find in errno. */
		if (*why != '\0')
			log_error("could not open log file %s: %s (%s)", path,
			    str_errno_name(saved), why);
		logfile_destroy(file);
		return fail_null(saved);
	}
	return file;
}

/* --- rotation ----------------------------------------------------------------- */

/* Takes a new file that stands at our path. */
static int
logfile_take_new(struct logfile *file, int fd_take)
{
	struct writer out = {.fd = fd_take};
	struct stat st;

	if (fstat(fd_take, &st) == -1) {
		close(fd_take);
		return -1;
	}
	logfile_take(file, &out, &st);
	return 0;
}

/* Where supervisord would go on without O_APPEND, and overwrite a second writer's lines or
 * rotate that one's new file away, we append always and join a file that was put in place,
 * or make one where none is any more. */
static int
rotate_in(struct logfile *file, struct safepath *sp)
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
rotate(struct logfile *file)
{
	int64_t now = clock_mono_ms();
	struct safepath sp;
	int rc;

	if (file->retry_ms != 0 && now < file->retry_ms)
		return 0;
	rc = safepath_find(&sp, file->path, 0);
	if (rc == 0)
		rc = rotate_in(file, &sp);
	safepath_close(&sp);
	if (rc == -1) {
		file->retry_ms = now + RETRY_MS;
		return complain(file, &file->naming, "rotate", sp.why);
	}
	file->retry_ms = 0;
	file->generation++;
	return 0;
}

/* True when the path names another file than the one we hold: someone else rotated it. This
 * only looks; what is opened then is found by the rule. */
static bool
was_replaced(const struct logfile *file)
{
	struct stat st;

	return stat(file->path, &st) == 0 && !safepath_id_equal(&file->id, &st);
}

/* Another program of ours, or of another's, may have renamed the file to rotate it. It
 * would take our output away with its oldest backup if we wrote on there. A file that was
 * renamed and not replaced is written on, as one expects before USR2. */
static void
follow_rotation(struct logfile *file)
{
	int64_t now = clock_mono_ms();
	char why[SAFEPATH_WHY];

	if (!file->named || now - file->looked_ms < LOOK_MS)
		return;
	file->looked_ms = now;
	if (!was_replaced(file))
		return;
	if (logfile_attach(file, why) == 0)
		file->generation++;
	else
		(void)complain(file, &file->naming, "reopen", why);
}

/* --- writing ------------------------------------------------------------------ */

static size_t
put(struct logfile *file, const char *bytes, size_t n)
{
	size_t done = writer_put(&file->out, bytes, n);

	if (done > 0)
		file->in_line = bytes[done - 1] != '\n';
	return done;
}

/* Keeps errno. */
static int
lose(struct logfile *file, size_t n)
{
	file->lost += n;
	file->lost_errno = errno;
	return complain(file, &file->writing, "write", NULL);
}

/* A line of its own in the place of what was lost. False when it does not fit either. */
static bool
report_loss(struct logfile *file)
{
	char line[128];
	int n;

	if (file->lost == 0)
		return true;
	n = snprintf(line, sizeof(line), "%s[reeve: %" PRIu64 " bytes lost: %s]\n",
	    file->in_line ? "\n" : "", file->lost, strerror(file->lost_errno));
	if (put(file, line, (size_t)n) < (size_t)n)
		return false;
	file->lost = 0;
	return true;
}

void
logfile_free(struct logfile *file)
{
	if (file == NULL)
		return;
	if (!report_loss(file) && !file->quiet)
		log_error("log file %s lacks %" PRIu64 " bytes at its end: %s", file->path,
		    file->lost, str_errno_name(file->lost_errno));
	logfile_destroy(file);
}

int
logfile_write(struct logfile *file, const void *bytes, size_t n)
{
	size_t done;

	follow_rotation(file);
	if (!report_loss(file))
		return lose(file, n);
	done = put(file, bytes, n);
	if (done < n)
		return lose(file, n - done);
	if (file->named && file->maxbytes > 0 &&
	    lseek(file->out.fd, 0, SEEK_CUR) >= file->maxbytes)
		return rotate(file);
	return 0;
}

size_t
logfile_put(struct logfile *file, const void *bytes, size_t n)
{
	size_t done;

	if (!report_loss(file) && errno == EAGAIN)
		return 0;
	done = file->lost == 0 ? put(file, bytes, n) : 0;
	if (done < n && errno != EAGAIN) {
		(void)lose(file, n - done);
		return n;
	}
	return done;
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
		return complain(file, &file->naming, "reopen", why);
	file->generation++;
	return 0;
}

/* A device, a FIFO and what we were given: to remove them would clear nothing and break
 * what others do with them. */
static bool
is_lasting(const struct logfile *file)
{
	struct stat st;

	if (is_given(file->path))
		return true;
	return stat(file->path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* *gone: 0, or ENOENT when there was no file to replace. */
static int
clear_in(struct logfile *file, struct safepath *sp, int *gone)
{
	struct stat st;
	int fd;

	*gone = safepath_stat(sp, sp->name, &st) == -1 ? errno : 0;
	fd = logrotate_renew(sp);
	return fd == -1 ? -1 : logfile_take_new(file, fd);
}

int
logfile_clear(struct logfile *file)
{
	struct safepath sp;
	int gone = 0, rc;

	if (is_lasting(file))
		return 0;
	rc = safepath_find(&sp, file->path, 0);
	if (rc == 0)
		rc = clear_in(file, &sp, &gone);
	safepath_close(&sp);
	if (rc == -1)
		return complain(file, &file->naming, "clear", sp.why);
	file->generation++;
	errno = gone;
	return gone != 0 ? -1 : 0;
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

	if (is_given(path))
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
	return writer_is_full(&file->out);
}

int
logfile_fd(const struct logfile *file)
{
	return file->out.fd;
}
