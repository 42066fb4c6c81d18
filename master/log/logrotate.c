#include "master/log/logrotate.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_SIZE (NAME_MAX + 32)
#define BASE_MAX 200 /* bytes of a name that its temporary names include */

struct logrotate {
	struct safepath *sp;
	int64_t backups;
	int64_t gap;            /* the first number that is free, or backups + 1 */
	char fresh[NAME_SIZE];  /* temporary name of the new file */
	char oldest[NAME_SIZE]; /* temporary name of the backup that is removed */
};

/* NAME.n, or NAME for 0. */
static const char *
logrotate_name(const struct logrotate *r, int64_t n, char *out)
{
	if (n == 0)
		(void)snprintf(out, NAME_SIZE, "%s", r->sp->name);
	else
		(void)snprintf(out, NAME_SIZE, "%s.%lld", r->sp->name, (long long)n);
	return out;
}

/* Creates the new file; removes one that an interrupted rotation has left. The descriptor,
 * or -1 with errno. */
static int
logrotate_begin(struct logrotate *r, struct safepath *sp, int64_t backups)
{
	struct stat st;

	*r = (struct logrotate){ .sp = sp, .backups = backups };
	(void)snprintf(r->fresh, sizeof(r->fresh), ".%.*s.new", BASE_MAX, sp->name);
	(void)snprintf(r->oldest, sizeof(r->oldest), ".%.*s.old", BASE_MAX, sp->name);
	if (safepath_remove(sp, r->fresh, NULL) == -1 && errno != ENOENT)
		return -1;
	return safepath_open(
	    sp, r->fresh, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0666, &st);
}

/* Removes and closes the new file. Keeps errno. Always -1. */
static int
logrotate_fail(const struct logrotate *r, int fd)
{
	int error = errno;

	(void)!safepath_remove(r->sp, r->fresh, NULL);
	return fd_fail(fd, error);
}

static int
logrotate_find_gap(struct logrotate *r)
{
	char name[NAME_SIZE];
	struct stat st;

	for (r->gap = 1; r->gap <= r->backups; r->gap++)
		if (safepath_stat(r->sp, logrotate_name(r, r->gap, name), &st) == -1)
			return errno == ENOENT ? 0 : -1;
	return 0;
}

/* EBUSY: the target, which was free, exists now. */
static int
logrotate_move(const struct logrotate *r, int64_t from, int64_t to)
{
	char source[NAME_SIZE], target[NAME_SIZE];
	int rc = safepath_rename_new(
	    r->sp, logrotate_name(r, from, source), logrotate_name(r, to, target));

	if (rc == -1 && errno == EEXIST)
		errno = EBUSY;
	return rc;
}

/* Renames `from` + 1 to `from`, and so on up to the gap. Keeps errno. */
static void
logrotate_undo(const struct logrotate *r, int64_t from, int64_t gap)
{
	char last[NAME_SIZE];
	int saved = errno;

	for (int64_t i = from; i < gap; i++)
		if (logrotate_move(r, i + 1, i) == -1)
			break;
	if (r->gap > r->backups)
		(void)!safepath_rename_new(
		    r->sp, r->oldest, logrotate_name(r, r->backups, last));
	errno = saved;
}

/* When no number is free, the file with the last one gets a temporary name. The new file
 * gets its name last. */
static int
logrotate_shift(struct logrotate *r)
{
	int64_t gap = r->gap > r->backups ? r->backups : r->gap, i;
	char last[NAME_SIZE];

	logrotate_name(r, r->backups, last);
	if (r->gap > r->backups &&
	    (safepath_check_replace(r->sp, last) == -1 ||
		safepath_rename(r->sp, last, r->oldest) == -1))
		return -1;
	for (i = gap - 1; i >= 0; i--)
		if (logrotate_move(r, i, i + 1) == -1) {
			logrotate_undo(r, i + 1, gap);
			return -1;
		}
	if (safepath_rename_new(r->sp, r->fresh, r->sp->name) == 0)
		return 0;
	/* After EEXIST, the log is the file that another program has created. */
	if (errno != EEXIST)
		logrotate_undo(r, 0, gap);
	return -1;
}

int
logrotate(struct safepath *sp, int64_t backups)
{
	struct logrotate r;
	int fd = logrotate_begin(&r, sp, backups), rc, saved;

	if (fd == -1)
		return -1;
	rc = logrotate_find_gap(&r);
	if (rc == 0)
		rc = logrotate_shift(&r);
	saved = errno;
	if (r.gap > r.backups && (rc == 0 || saved == EEXIST))
		(void)!safepath_remove(sp, r.oldest, NULL);
	errno = saved;
	return rc == 0 ? fd : logrotate_fail(&r, fd);
}

int
logrotate_renew(struct safepath *sp)
{
	struct logrotate r;
	struct stat st;
	int fd = logrotate_begin(&r, sp, 0), error = errno;

	if (fd != -1)
		return safepath_rename(sp, r.fresh, sp->name) == 0 ? fd :
								     logrotate_fail(&r, fd);
	if (error != ENOSPC && error != EDQUOT)
		return -1;
	/* There is no space for another file: truncate NAME. */
	fd = safepath_open(sp, sp->name, O_WRONLY | O_APPEND, 0, &st);
	if (fd != -1 && safepath_truncate(sp, fd, 0) == 0)
		return fd;
	return fd_fail(fd, error);
}
