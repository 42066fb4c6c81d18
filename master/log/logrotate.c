#include "master/log/logrotate.h"

#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_SIZE (NAME_MAX + 32)
#define BASE_MAX 200	/* of a name's bytes that its temporary names have */

struct rotation {
	struct safepath *sp;
	int64_t backups;
	int64_t gap;		/* the first number that is free, or backups + 1 */
	char fresh[NAME_SIZE];	/* the new file until it takes its place */
	char oldest[NAME_SIZE];	/* the backup that goes, until all is done */
};

/* NAME.n, or NAME for 0. */
static const char *
rotation_name(const struct rotation *r, int64_t n, char *out)
{
	if (n == 0)
		(void)snprintf(out, NAME_SIZE, "%s", r->sp->name);
	else
		(void)snprintf(out, NAME_SIZE, "%s.%lld", r->sp->name, (long long)n);
	return out;
}

static void
rotation_init(struct rotation *r, struct safepath *sp, int64_t backups)
{
	*r = (struct rotation){.sp = sp, .backups = backups};
	(void)snprintf(r->fresh, sizeof(r->fresh), ".%.*s.new", BASE_MAX, sp->name);
	(void)snprintf(r->oldest, sizeof(r->oldest), ".%.*s.old", BASE_MAX, sp->name);
}

/* Removes what an interrupted rotation left. 0, or -1 with errno. */
static int
rotation_remove(const struct rotation *r, const char *name)
{
	return safepath_remove(r->sp, name, NULL) == -1 && errno != ENOENT ? -1 : 0;
}

static void
rotation_discard(const struct rotation *r, const char *name)
{
	int saved = errno;

	(void)rotation_remove(r, name);
	errno = saved;
}

static int
rotation_create(const struct rotation *r)
{
	struct stat st;

	if (rotation_remove(r, r->fresh) == -1)
		return -1;
	return safepath_open(r->sp, r->fresh, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0666,
	    &st);
}

static int
rotation_find_gap(struct rotation *r)
{
	char name[NAME_SIZE];
	struct stat st;

	for (r->gap = 1; r->gap <= r->backups; r->gap++)
		if (safepath_stat(r->sp, rotation_name(r, r->gap, name), &st) == -1)
			return errno == ENOENT ? 0 : -1;
	return 0;
}

/* EBUSY: the target, which was free, is there. */
static int
rotation_move(const struct rotation *r, int64_t from, int64_t to)
{
	char source[NAME_SIZE], target[NAME_SIZE];
	int rc = safepath_rename_new(r->sp, rotation_name(r, from, source),
	    rotation_name(r, to, target));

	if (rc == -1 && errno == EEXIST)
		errno = EBUSY;
	return rc;
}

/* Where no number is free the last one is freed; its file keeps another name. */
static int
rotation_free_last(struct rotation *r)
{
	char last[NAME_SIZE];

	rotation_name(r, r->backups, last);
	if (safepath_check_replace(r->sp, last) == -1)
		return -1;
	return safepath_rename(r->sp, last, r->oldest);
}

/* Moves numbers `from` and above, below the gap, back down by one. Keeps errno. */
static void
rotation_undo(const struct rotation *r, int64_t from, int64_t gap)
{
	char last[NAME_SIZE];
	int saved = errno;

	for (int64_t i = from; i < gap; i++)
		if (rotation_move(r, i + 1, i) == -1)
			break;
	if (r->gap > r->backups)
		(void)!safepath_rename_new(
		    r->sp, r->oldest, rotation_name(r, r->backups, last));
	errno = saved;
}

/* The new file takes its place last. */
static int
rotation_shift(struct rotation *r)
{
	int64_t gap = r->gap > r->backups ? r->backups : r->gap, i;

	if (r->gap > r->backups && rotation_free_last(r) == -1)
		return -1;
	for (i = gap - 1; i >= 0; i--)
		if (rotation_move(r, i, i + 1) == -1) {
			rotation_undo(r, i + 1, gap);
			return -1;
		}
	if (safepath_rename_new(r->sp, r->fresh, r->sp->name) == 0)
		return 0;
	/* The log is what another writer has put there. */
	if (errno != EEXIST)
		rotation_undo(r, 0, gap);
	return -1;
}

/* Removes and closes the new file. Keeps errno. Always -1. */
static int
rotation_give_up(struct rotation *r, int fd)
{
	int error = errno;

	rotation_discard(r, r->fresh);
	return fd_fail(fd, error);
}

int
logrotate(struct safepath *sp, int64_t backups)
{
	struct rotation r;
	int fd, rc;

	rotation_init(&r, sp, backups);
	if ((fd = rotation_create(&r)) == -1)
		return -1;
	rc = rotation_find_gap(&r);
	if (rc == 0)
		rc = rotation_shift(&r);
	if (r.gap > r.backups && (rc == 0 || errno == EEXIST))
		rotation_discard(&r, r.oldest);
	if (rc == 0)
		return fd;
	return rotation_give_up(&r, fd);
}

/* NAME itself, emptied, for a file system that takes no other file. Keeps errno on
 * failure. */
static int
rotation_empty(struct safepath *sp)
{
	int error = errno, fd;
	struct stat st;

	fd = safepath_open(sp, sp->name, O_WRONLY | O_APPEND, 0, &st);
	if (fd != -1 && safepath_truncate(sp, fd, 0) == 0)
		return fd;
	return fd_fail(fd, error);
}

int
logrotate_renew(struct safepath *sp)
{
	struct rotation r;
	int fd;

	rotation_init(&r, sp, 0);
	if ((fd = rotation_create(&r)) == -1)
		return errno == ENOSPC || errno == EDQUOT ? rotation_empty(sp) : -1;
	if (safepath_rename(sp, r.fresh, sp->name) == 0)
		return fd;
	return rotation_give_up(&r, fd);
}
