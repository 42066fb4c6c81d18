#include "common/safepath.h"

#include "common/fail.h"
#include "common/fd.h"
#include "common/safepath_walk.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OPEN_TRIES 3 /* a name may become a link between find and open */

struct safepath_id
safepath_id_of(const struct stat *st)
{
	return (struct safepath_id){ .dev = st->st_dev, .ino = st->st_ino };
}

bool
safepath_id_equal(const struct safepath_id *id, const struct stat *st)
{
	return id->ino == st->st_ino && id->dev == st->st_dev;
}

/* Reads the number of the descriptor that a path names; false if it names none. */
static bool
safepath_fd_number(const char *path, int64_t *n)
{
	static const char *const directories[] = { "/dev/fd/", "/proc/self/fd/" };

	*n = strcmp(path, "/dev/stdout") == 0 ? STDOUT_FILENO :
	    strcmp(path, "/dev/stderr") == 0  ? STDERR_FILENO :
						-1;
	if (*n != -1)
		return true;
	for (size_t i = 0; i < nitems(directories); i++)
		if (str_starts(path, directories[i]))
			return str_to_int(path + strlen(directories[i]), n) == 0;
	return false;
}

bool
safepath_inherited_fd(const char *path, int *fd)
{
	int flags = -1;
	int64_t n;

	*fd = -1;
	if (!safepath_fd_number(path, &n))
		return false;
	if (n >= 0 && n <= INT_MAX)
		flags = fcntl((int)n, F_GETFD);
	if (flags != -1 && !(flags & FD_CLOEXEC))
		*fd = (int)n;
	return true;
}

/* --- finding ---------------------------------------------------------------- */

/* True for the errors of openat2 that mean that the path has a link, or that the kernel or
 * a seccomp filter rejects the call. */
static bool
safepath_must_walk(int error)
{
	return error == ELOOP || error == ENOSYS || error == EPERM || error == EINVAL ||
	    error == E2BIG;
}

/* Finds the directory of a path without links by one call. 1 = found, 0 = the path must be
 * walked, -1 with errno. */
static int
safepath_find_plain(struct safepath *sp, const char *path, unsigned flags)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	char dir[PATH_MAX] = ".";
	struct stat st;

	if (strlen(name) > NAME_MAX || (size_t)(name - path) >= sizeof(dir))
		return fail_with(ENAMETOOLONG);
	if (flags & SAFEPATH_STEADY || *name == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return 0;
	if (slash != NULL) {
		memcpy(dir, path, (size_t)(name - path));
		dir[name - path] = '\0';
	}
	sp->dir = safepath_openat2(AT_FDCWD, dir, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (sp->dir == -1)
		return safepath_must_walk(errno) ? 0 : -1;
	strcpy(sp->name, name);
	if (fstat(sp->dir, &sp->st) == -1)
		return -1;
	if (flags & SAFEPATH_LAST ||
	    fstatat(sp->dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 || !S_ISLNK(st.st_mode))
		return 1;
	safepath_close(sp);
	return 0;
}

int
safepath_find(struct safepath *sp, const char *path, unsigned flags)
{
	int found;

	*sp = (struct safepath){ .dir = -1 };
	found = safepath_find_plain(sp, path, flags);
	if (found != 0)
		return found == 1 ? 0 : -1;
	return safepath_walk(sp, path, flags);
}

void
safepath_close(struct safepath *sp)
{
	fd_close(sp->dir);
	sp->dir = -1;
}

/* --- using ------------------------------------------------------------------ */

/* Whether names may be added to the directory and removed from it. */
static bool
safepath_may_change(const struct safepath *sp)
{
	return fs_rights_allow(&sp->rights, &sp->st, W_OK | X_OK);
}

/* Whether a user who cannot write the file may have linked it here. With a user's rights
 * the kernel prevents that; else the file must belong to the owner of the directory. */
static bool
safepath_is_smuggled(const struct safepath *sp, const struct stat *st)
{
	if (!S_ISREG(st->st_mode) || st->st_nlink <= 1 ||
	    sp->rights.kind != FS_RIGHTS_OWN || !safepath_stat_is_shared(&sp->st))
		return false;
	return st->st_uid != sp->st.st_uid || safepath_uid_is_ours(st->st_uid) ||
	    (sp->st.st_mode & S_IWOTH);
}

static int
safepath_open_flags(const struct safepath *sp, const char *name, int flags)
{
	flags |= O_CLOEXEC;
	if (!(flags & O_PATH))
		flags |= O_NONBLOCK | O_NOCTTY;
	return sp->magic && name == sp->name ? flags : flags | O_NOFOLLOW;
}

static int
safepath_openat(const struct safepath *sp, const char *name, int flags, mode_t mode)
{
	struct fs_rights_saved saved;
	int fd;

	/* The file gets the group 65534, which may have members. */
	if (sp->rights.kind != FS_RIGHTS_OWN)
		mode &= ~(mode_t)S_IWGRP;
	if (fs_rights_enter(&sp->rights, &saved) == -1)
		return -1;
	fd = openat(sp->dir, name, safepath_open_flags(sp, name, flags), mode);
	fs_rights_leave(&saved);
	return fd;
}

/* Checks owner and mode, because the kernel checks our own rights only. An existing file is
 * checked after it is opened; a new one is created with O_EXCL. */
static int
safepath_open_checked(const struct safepath *sp, const char *name, int flags, mode_t mode)
{
	static const int wanted[] = {
	    [O_RDONLY] = R_OK, [O_WRONLY] = W_OK, [O_RDWR] = R_OK | W_OK, [O_ACCMODE] = 0};
	int fd = -1, want = flags & O_PATH ? 0 : wanted[flags & O_ACCMODE];
	struct stat st;

	if (!fs_rights_allow(&sp->rights, &sp->st, X_OK))
		return fail_with(EACCES);
	errno = ENOENT;
	if (!(flags & O_EXCL))
		fd = safepath_openat(sp, name, flags & ~O_CREAT, 0);
	if (fd != -1 && fstat(fd, &st) == -1)
		return fd_fail(fd, errno);
	if (fd != -1 && !fs_rights_allow(&sp->rights, &st, want))
		return fd_fail(fd, EACCES);
	if (fd != -1 || errno != ENOENT || !(flags & O_CREAT))
		return fd;
	if (!safepath_may_change(sp))
		return fail_with(EACCES);
	return safepath_openat(sp, name, flags | O_EXCL, mode);
}

int
safepath_open(
    struct safepath *sp, const char *name, int flags, mode_t mode, struct stat *st)
{
	int fd;

	if (sp->rights.kind == FS_RIGHTS_CHECKED)
		fd = safepath_open_checked(sp, name, flags, mode);
	else
		fd = safepath_openat(sp, name, flags, mode);
	if (fd == -1)
		return -1;
	if (fstat(fd, st) == -1)
		return fd_fail(fd, errno);
	if (!safepath_is_smuggled(sp, st))
		return fd;
	(void)snprintf(sp->why, sizeof(sp->why),
	    "it has other hard links, belongs to "
	    "uid %u and is in a directory that others can write",
	    (unsigned)st->st_uid);
	return fd_fail(fd, EMLINK);
}

int
safepath_stat(const struct safepath *sp, const char *name, struct stat *st)
{
	struct fs_rights_saved saved;
	int rc;

	if (fs_rights_enter_for(&sp->rights, &sp->st, X_OK, &saved) == -1)
		return -1;
	rc = fstatat(sp->dir, name, st, AT_SYMLINK_NOFOLLOW);
	fs_rights_leave(&saved);
	return rc;
}

/* Whether the file has no other name that others can have made. */
static bool
safepath_is_sole(const struct safepath *sp, const struct stat *st)
{
	return st->st_nlink <= 1 ||
	    (sp->rights.kind == FS_RIGHTS_OWN && !safepath_stat_is_shared(&sp->st));
}

/* Whether the name of this file may be removed. 0, or -1 with errno. */
static int
safepath_check_removal(const struct safepath *sp, const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return fail_with(EISDIR);
	if (!S_ISREG(st->st_mode) && !S_ISSOCK(st->st_mode) && !S_ISLNK(st->st_mode))
		return fail_with(EINVAL);
	if (!safepath_is_sole(sp, st))
		return fail_with(EMLINK);
	if (sp->rights.kind != FS_RIGHTS_CHECKED)
		return 0;
	if (!safepath_may_change(sp) ||
	    ((sp->st.st_mode & S_ISVTX) && st->st_uid != sp->rights.uid &&
		sp->st.st_uid != sp->rights.uid))
		return fail_with(EACCES);
	return 0;
}

int
safepath_remove(const struct safepath *sp, const char *name, const struct safepath_id *only)
{
	struct fs_rights_saved saved;
	struct stat st;
	int rc;

	if (safepath_stat(sp, name, &st) == -1)
		return -1;
	if (only != NULL && !safepath_id_equal(only, &st))
		return fail_with(ESTALE);
	if (safepath_check_removal(sp, &st) == -1)
		return -1;
	if (fs_rights_enter(&sp->rights, &saved) == -1)
		return -1;
	rc = unlinkat(sp->dir, name, 0);
	fs_rights_leave(&saved);
	return rc;
}

static int
safepath_renameat(
    const struct safepath *sp, const char *from, const char *to, unsigned flags)
{
	struct fs_rights_saved saved;
	int rc;

	if (fs_rights_enter_for(&sp->rights, &sp->st, W_OK | X_OK, &saved) == -1)
		return -1;
	rc = renameat2(sp->dir, from, sp->dir, to, flags);
	fs_rights_leave(&saved);
	return rc;
}

int
safepath_check_replace(const struct safepath *sp, const char *name)
{
	struct stat st;

	if (safepath_stat(sp, name, &st) == -1)
		return errno == ENOENT ? 0 : -1;
	return safepath_check_removal(sp, &st);
}

int
safepath_rename(const struct safepath *sp, const char *from, const char *to)
{
	if (safepath_check_replace(sp, to) == -1)
		return -1;
	return safepath_renameat(sp, from, to, 0);
}

int
safepath_rename_new(const struct safepath *sp, const char *from, const char *to)
{
	struct stat st;

	if (safepath_renameat(sp, from, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* The file system or the kernel does not have the flag. */
	if (safepath_stat(sp, to, &st) == 0)
		return fail_with(EEXIST);
	return errno == ENOENT ? safepath_renameat(sp, from, to, 0) : -1;
}

int
safepath_truncate(const struct safepath *sp, int fd, off_t length)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISREG(st.st_mode))
		return fail_with(EINVAL);
	if (!safepath_is_sole(sp, &st))
		return fail_with(EMLINK);
	if (!fs_rights_allow(&sp->rights, &st, W_OK))
		return fail_with(EACCES);
	return ftruncate(fd, length);
}

/* --- all in one --------------------------------------------------------------- */

static int
safepath_open_walked(const char *path, int flags, mode_t mode, struct stat *st, char *why)
{
	struct safepath sp;
	int fd = -1;

	if (safepath_find(&sp, path, 0) == 0)
		fd = safepath_open(&sp, sp.name, flags, mode, st);
	if (fd == -1)
		memcpy(why, sp.why, sizeof(sp.why));
	safepath_close(&sp);
	return fd;
}

int
safepath_open_path(const char *path, int flags, mode_t mode, struct stat *st, char *why)
{
	static const struct safepath ours = { .dir = -1 };
	int fd, tries;

	*why = '\0';
	fd =
	    safepath_openat2(AT_FDCWD, path, safepath_open_flags(&ours, path, flags), mode);
	if (fd == -1 && !safepath_must_walk(errno))
		return -1;
	if (fd != -1) {
		if (fstat(fd, st) == 0 && (!S_ISREG(st->st_mode) || st->st_nlink <= 1))
			return fd;
		(void)close(fd);
	}
	for (tries = 0; tries < OPEN_TRIES; tries++) {
		fd = safepath_open_walked(path, flags, mode, st, why);
		if (fd != -1 || errno != ELOOP || *why != '\0')
			break;
	}
	return fd;
}
