#include "common/safepath_walk.h"

#include "common/fail.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define WALK_LINKS 40 /* the kernel's own limit */

struct walk {
	struct safepath *sp;
	unsigned flags, links;
	char rest[2 * PATH_MAX]; /* not resolved yet: texts of links, then of the path */
};

/* glibc has no wrapper. */
int
safepath_openat2(int dir, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
	    .flags = (unsigned)flags,
	    .mode = flags & O_CREAT ? mode : 0,
	    .resolve = RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

bool
safepath_uid_is_ours(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* An ordinary user trusts the user's own group, which can write with umask 002; the groups
 * of root's directories have other members. */
bool
safepath_stat_is_shared(const struct stat *dir)
{
	mode_t others = S_IWOTH | S_IWGRP;

	if (geteuid() != 0 && dir->st_gid == getegid())
		others = S_IWOTH;
	return !safepath_uid_is_ours(dir->st_uid) || (dir->st_mode & others) != 0;
}

/* --- directories ------------------------------------------------------------ */

/* In a sticky directory only an entry's owner can rename it. */
static bool
safepath_walk_is_steady(const struct stat *dir, const struct stat *entry)
{
	return !safepath_stat_is_shared(dir) ||
	    (safepath_uid_is_ours(dir->st_uid) && (dir->st_mode & S_ISVTX) &&
		safepath_uid_is_ours(entry->st_uid));
}

/* Continues in another directory (fd is taken). */
static int
safepath_walk_enter(struct walk *w, int fd_take)
{
	safepath_close(w->sp);
	w->sp->dir = fd_take;
	return fstat(fd_take, &w->sp->st);
}

/* Starts at the root or in the working directory. */
static int
safepath_walk_start(struct walk *w)
{
	int fd = open(w->rest[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd == -1 ? -1 : safepath_walk_enter(w, fd);
}

/* Opens a component as an O_PATH descriptor, with the rights of the walk. */
static int
safepath_walk_look_up(struct walk *w, const char *name, int flags)
{
	struct fs_rights_saved saved;
	int fd;

	if (fs_rights_enter_for(&w->sp->rights, &w->sp->st, X_OK, &saved) == -1)
		return -1;
	fd = openat(w->sp->dir, name, O_PATH | O_CLOEXEC | flags);
	fs_rights_leave(&saved);
	return fd;
}

/* --- links ------------------------------------------------------------------ */

/* The directory's path and the component, for messages. */
static void
safepath_walk_where(const struct walk *w, const char *name, char *out, size_t size)
{
	char proc[32], dir[160];
	ssize_t n;

	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", w->sp->dir);
	n = readlink(proc, dir, sizeof(dir) - 1);
	dir[n > 0 ? n : 0] = '\0';
	(void)snprintf(out, size, "%s%s%.100s", dir, n == 1 ? "" : "/", name);
}

static void
safepath_walk_explain(struct walk *w, const char *name, const struct stat *link, uid_t uid)
{
	char where[280];

	safepath_walk_where(w, name, where, sizeof(where));
	if (uid == link->st_uid)
		(void)snprintf(w->sp->why, sizeof(w->sp->why),
		    "the symbolic link %s is "
		    "followed with the rights of its owner, uid %u",
		    where, (unsigned)uid);
	else
		(void)snprintf(w->sp->why, sizeof(w->sp->why),
		    "the symbolic link %s "
		    "belongs to uid %u, but others can write its directory: it is "
		    "followed with the rights of uid %u",
		    where, (unsigned)link->st_uid, (unsigned)uid);
}

static int
safepath_walk_refuse(
    struct walk *w, const char *name, const struct stat *link, const char *reason)
{
	char where[280];

	safepath_walk_where(w, name, where, sizeof(where));
	(void)snprintf(w->sp->why, sizeof(w->sp->why), "the symbolic link %s of uid %u %s",
	    where, (unsigned)link->st_uid, reason);
	return fail_with(EACCES);
}

/* An ordinary user's link in a sticky directory, where nobody else can move it, is trusted
 * as by the kernel's protected_symlinks. Root's is not: it may have been moved there. */
static bool
safepath_walk_is_trusted(const struct stat *dir, const struct stat *link)
{
	uid_t self = geteuid();

	if (safepath_uid_is_ours(link->st_uid) && !safepath_stat_is_shared(dir))
		return true;
	return self != 0 && link->st_uid == self && (dir->st_mode & S_ISVTX) &&
	    safepath_uid_is_ours(dir->st_uid);
}

/* The user with whose rights an untrusted link is followed: its owner. Root's link and ours
 * may have been moved here by a user who can write the directory. */
static uid_t
safepath_walk_link_uid(const struct stat *dir, const struct stat *link)
{
	if (!safepath_uid_is_ours(link->st_uid))
		return link->st_uid;
	if (safepath_uid_is_ours(dir->st_uid) || (dir->st_mode & S_IWOTH))
		return FS_RIGHTS_NOBODY;
	return dir->st_uid;
}

/* Whether the link may be another user's hard link to this user's link, by which the other
 * user would gain this user's rights. */
static bool
safepath_walk_is_copied(const struct stat *dir, const struct stat *link)
{
	return link->st_nlink > 1 && safepath_stat_is_shared(dir) &&
	    !safepath_uid_is_ours(link->st_uid) &&
	    (link->st_uid != dir->st_uid || (dir->st_mode & (S_IWGRP | S_IWOTH)));
}

/* Decides with which rights the walk continues. 0, or -1 with errno. */
static int
safepath_walk_check_link(struct walk *w, const char *name, const struct stat *link)
{
	struct safepath *sp = w->sp;
	uid_t uid;

	if (safepath_walk_is_trusted(&sp->st, link))
		return 0;
	if (safepath_walk_is_copied(&sp->st, link))
		return safepath_walk_refuse(w, name, link, "has other hard links");
	uid = safepath_walk_link_uid(&sp->st, link);
	if (sp->rights.kind != FS_RIGHTS_OWN && sp->rights.uid != uid)
		return safepath_walk_refuse(w, name, link, "follows one of another user");
	if (sp->rights.kind == FS_RIGHTS_OWN) {
		sp->rights = fs_rights_of(uid);
		safepath_walk_explain(w, name, link, uid);
	}
	return 0;
}

/* Whether it is a link of /proc to an open file; its text is not a path. */
static bool
safepath_walk_is_magic(int link)
{
	struct statfs fs;

	return fstatfs(link, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* After a link there is rarely another: finds the remaining directories by one call. If
 * that fails, the walk continues and finds the reason. 0, or -1 with errno. */
static int
safepath_walk_jump(struct walk *w)
{
	char *slash = strrchr(w->rest, '/');
	struct fs_rights_saved saved;
	int fd;

	/* These need to see every directory. */
	if (w->flags & SAFEPATH_STEADY || w->sp->rights.kind == FS_RIGHTS_CHECKED)
		return 0;
	if (slash == NULL || slash == w->rest || slash[1] == '\0')
		return 0;
	if (fs_rights_enter(&w->sp->rights, &saved) == -1)
		return -1;
	*slash = '\0';
	fd = safepath_openat2(w->sp->dir, w->rest, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	*slash = '/';
	fs_rights_leave(&saved);
	if (fd == -1)
		return 0;
	memmove(w->rest, slash + 1, strlen(slash + 1) + 1);
	return safepath_walk_enter(w, fd);
}

/* Inserts the link's text before the rest. */
static int
safepath_walk_splice(struct walk *w, int link)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(link, "", text, sizeof(text) - 1);
	size_t rest = strlen(w->rest);

	if (n == -1)
		return -1;
	if (n == 0)
		return fail_with(ENOENT);
	if ((size_t)n + 1 + rest >= sizeof(w->rest))
		return fail_with(ENAMETOOLONG);
	memmove(w->rest + n + (rest > 0), w->rest, rest + 1);
	memcpy(w->rest, text, (size_t)n);
	if (rest > 0)
		w->rest[n] = '/';
	if (w->rest[0] == '/' && safepath_walk_start(w) == -1)
		return -1;
	return safepath_walk_jump(w);
}

/* --- the walk --------------------------------------------------------------- */

enum walk_result { WALK_FAILED = -1, WALK_ON, WALK_DONE };

static enum walk_result
safepath_walk_arrive(struct walk *w, const char *name, bool magic)
{
	strcpy(w->sp->name, name);
	w->sp->magic = magic;
	return WALK_DONE;
}

static enum walk_result
safepath_walk_link(struct walk *w, const char *name, int link, const struct stat *st)
{
	int fd;

	if (++w->links > WALK_LINKS)
		return fail_with(ELOOP);
	if (safepath_walk_check_link(w, name, st) == -1)
		return WALK_FAILED;
	w->sp->steady = w->sp->steady && w->sp->rights.kind == FS_RIGHTS_OWN;
	/* With a user's rights the text of a /proc link is followed as well: the kernel
	 * would skip the directories on the way. */
	if (w->sp->rights.kind != FS_RIGHTS_OWN || !safepath_walk_is_magic(link))
		return safepath_walk_splice(w, link) == -1 ? WALK_FAILED : WALK_ON;
	if (*w->rest == '\0')
		return safepath_walk_arrive(w, name, true);
	fd = safepath_walk_look_up(w, name, 0);
	return fd == -1 || safepath_walk_enter(w, fd) == -1 ? WALK_FAILED : WALK_ON;
}

static enum walk_result
safepath_walk_found(struct walk *w, const char *name, int fd, bool last, bool *taken)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return WALK_FAILED;
	w->sp->steady = w->sp->steady && (last || safepath_walk_is_steady(&w->sp->st, &st));
	if (S_ISLNK(st.st_mode) && !(last && (w->flags & SAFEPATH_LAST)))
		return safepath_walk_link(w, name, fd, &st);
	if (last)
		return safepath_walk_arrive(w, name, false);
	*taken = true;
	return safepath_walk_enter(w, fd) == -1 ? WALK_FAILED : WALK_ON;
}

/* Removes the next component from the rest; false when there is none. */
static bool
safepath_walk_next(struct walk *w, char *name, bool *last)
{
	size_t n, skip = strspn(w->rest, "/");

	n = strcspn(w->rest + skip, "/");
	memcpy(name, w->rest + skip, n < NAME_MAX ? n : NAME_MAX);
	name[n < NAME_MAX ? n : NAME_MAX] = '\0';
	if (n > NAME_MAX)
		name[0] = '\0';
	skip += n;
	*last = w->rest[skip] == '\0';
	memmove(w->rest, w->rest + skip, strlen(w->rest + skip) + 1);
	if (!*last)
		memmove(w->rest, w->rest + strspn(w->rest, "/"),
		    strlen(w->rest + strspn(w->rest, "/")) + 1);
	return n > 0;
}

static enum walk_result
safepath_walk_step(struct walk *w)
{
	char name[NAME_MAX + 1];
	bool last, taken = false;
	enum walk_result result;
	int fd;

	/* A path that ends in a slash, "." or ".." names a directory. */
	if (!safepath_walk_next(w, name, &last))
		return fail_with(EISDIR);
	if (*name == '\0')
		return fail_with(ENAMETOOLONG);
	if (last && (strcmp(name, ".") == 0 || strcmp(name, "..") == 0))
		return fail_with(EISDIR);
	fd = safepath_walk_look_up(w, name, O_NOFOLLOW);
	if (fd == -1)
		return errno == ENOENT && last ? safepath_walk_arrive(w, name, false) :
						 WALK_FAILED;
	result = safepath_walk_found(w, name, fd, last, &taken);
	if (!taken)
		fd_close(fd);
	return result;
}

int
safepath_walk(struct safepath *sp, const char *path, unsigned flags)
{
	struct walk w = { .sp = sp, .flags = flags };
	const struct stat made = { .st_uid = geteuid() };
	enum walk_result result = WALK_ON;

	if (*path == '\0')
		return fail_with(ENOENT);
	if (strlen(path) >= PATH_MAX)
		return fail_with(ENAMETOOLONG);
	strcpy(w.rest, path);
	sp->steady = true;
	if (safepath_walk_start(&w) == -1)
		return -1;
	while (result == WALK_ON)
		result = safepath_walk_step(&w);
	/* A new name in the last directory must be safe from others too. */
	sp->steady = sp->steady && safepath_walk_is_steady(&sp->st, &made);
	return result == WALK_DONE ? 0 : -1;
}
