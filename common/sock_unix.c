#include "common/sock_unix.h"

#include "common/fail.h"
#include "common/fd.h"
#include "common/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BIND_TRIES 100
#define PRIVATE_NAME "s" /* of the socket in a directory of our own */

/* A socket that is being bound. */
struct binding {
	const struct sock_unix *want;
	struct safepath sp;
	int fd;        /* the socket */
	int dir;       /* where it is bound: sp.dir or a private one, owned */
	char temp[64]; /* its name there, or the private directory's in sp.dir */
	struct safepath_id made;
};

/* --- binding ---------------------------------------------------------------- */

/* The address of a name in the directory: as the path is written, if it fits and only root
 * and our user can change what it means; else through the directory's descriptor. */
static int
sock_unix_address(const struct binding *b, const char *name, struct sockaddr_un *sun)
{
	const char *path = b->want->path, *slash = strrchr(path, '/');
	int len = slash != NULL ? (int)(slash - path) + 1 : 0;

	if (b->sp.steady && sock_address_unix(sun, "%.*s%s", len, path, name) == 0)
		return 0;
	return sock_address_unix(sun, "/proc/self/fd/%d/%s", b->dir, name);
}

/* Sets the mode before the name exists, so that no client finds a wider one. */
static int
sock_unix_bind(const struct binding *b, const char *name)
{
	struct fs_rights_saved saved;
	struct sockaddr_un sun;
	mode_t mask;
	int rc;

	if (sock_unix_address(b, name, &sun) == -1 || fchmod(b->fd, b->want->mode) == -1 ||
	    fs_rights_enter(&b->sp.rights, &saved) == -1)
		return -1;
	mask = umask(0);
	rc = bind(b->fd, (const struct sockaddr *)&sun, sizeof(sun));
	(void)umask(mask);
	fs_rights_leave(&saved);
	return rc;
}

static void
sock_unix_name(struct binding *b, int try)
{
	(void)snprintf(b->temp, sizeof(b->temp), ".reeve-%d-%d", (int)getpid(), try);
}

/* Binds in the path's directory, under an unused name. */
static int
sock_unix_bind_temp(struct binding *b)
{
	int try;

	b->dir = b->sp.dir;
	for (try = 0; try < BIND_TRIES; try++) {
		sock_unix_name(b, try);
		if (sock_unix_bind(b, b->temp) == 0)
			return 0;
		if (errno != EADDRINUSE)
			break;
	}
	*b->temp = '\0'; /* nothing to remove */
	return -1;
}

static int
sock_unix_mkdir(struct binding *b)
{
	struct fs_rights_saved saved;
	int rc, try;

	if (fs_rights_enter_for(&b->sp.rights, &b->sp.st, W_OK | X_OK, &saved) == -1)
		return -1;
	for (try = 0, rc = -1; try < BIND_TRIES && rc == -1; try++) {
		sock_unix_name(b, try);
		rc = mkdirat(b->sp.dir, b->temp, 0700);
		if (rc == -1 && errno != EEXIST)
			break;
	}
	fs_rights_leave(&saved);
	if (rc == -1)
		*b->temp = '\0';
	return rc;
}

/* Opens the private directory. Others may have replaced it, but in a directory of our user
 * with mode 0700 they cannot replace any name. */
static int
sock_unix_enter_private(struct binding *b)
{
	uid_t uid = b->sp.rights.kind == FS_RIGHTS_SWITCHED ? b->sp.rights.uid : geteuid();
	struct stat st;

	b->dir = safepath_open(&b->sp, b->temp, O_PATH | O_DIRECTORY, 0, &st);
	if (b->dir == -1)
		return -1;
	if (st.st_uid == uid && (st.st_mode & 0777) == 0700)
		return 0;
	return fail_with(EEXIST);
}

/* --- publishing ------------------------------------------------------------- */

/* Sets the owner of the bound socket and listens; `as` is its name in its directory. */
static int
sock_unix_start(struct binding *b, const char *as)
{
	const struct sock_unix *u = b->want;
	bool chowned = u->uid != (uid_t)-1 || u->gid != (gid_t)-1;
	struct stat st;

	if (fstatat(b->dir, as, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	b->made = safepath_id_of(&st);
	if (chowned && fchownat(b->dir, as, u->uid, u->gid, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	return listen(b->fd, u->backlog);
}

static int
sock_unix_publish(struct binding *b, const char *as)
{
	struct fs_rights_saved saved;
	int rc;

	if (safepath_check_replace(&b->sp, b->sp.name) == -1 ||
	    fs_rights_enter(&b->sp.rights, &saved) == -1)
		return -1;
	rc = sock_unix_start(b, as);
	if (rc == 0)
		rc = renameat(b->dir, as, b->sp.dir, b->sp.name);
	fs_rights_leave(&saved);
	return rc;
}

/* Removes the temporary names that are left. */
static void
sock_unix_clean(const struct binding *b, const char *as, bool published)
{
	struct fs_rights_saved saved;
	int error = errno;

	if (fs_rights_enter(&b->sp.rights, &saved) == 0) {
		if (!published && b->dir != -1)
			(void)unlinkat(b->dir, as, 0);
		if (b->dir != b->sp.dir && *b->temp != '\0')
			(void)unlinkat(b->sp.dir, b->temp, AT_REMOVEDIR);
		fs_rights_leave(&saved);
	}
	if (b->dir != b->sp.dir)
		fd_close(b->dir);
	errno = error;
}

/* Binds under another name and renames. */
static int
sock_unix_replace(struct binding *b)
{
	const char *as = b->sp.steady ? b->temp : PRIVATE_NAME;
	int rc;

	if (b->sp.steady)
		rc = sock_unix_bind_temp(b);
	else if ((rc = sock_unix_mkdir(b)) == 0 && (rc = sock_unix_enter_private(b)) == 0)
		rc = sock_unix_bind(b, PRIVATE_NAME);
	if (rc == 0)
		rc = sock_unix_publish(b, as);
	sock_unix_clean(b, as, rc == 0);
	return rc;
}

/* Binds under its own name, in a directory that only root and our user can change. */
static int
sock_unix_here(struct binding *b)
{
	int error;

	b->dir = b->sp.dir;
	if (safepath_remove(&b->sp, b->sp.name, NULL) == -1 && errno != ENOENT)
		return -1;
	if (sock_unix_bind(b, b->sp.name) == -1)
		return -1;
	if (sock_unix_start(b, b->sp.name) == 0)
		return 0;
	error = errno;
	(void)unlinkat(b->dir, b->sp.name, 0);
	return fail_with(error);
}

static int
sock_unix_listen_as(
    const struct sock_unix *want, int flags, bool here, struct safepath_id *made)
{
	struct binding b = { .want = want, .fd = -1, .dir = -1 };
	int rc = -1;

	if (safepath_find(&b.sp, want->path, SAFEPATH_LAST | SAFEPATH_STEADY) == 0)
		b.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (b.fd != -1)
		rc = here && b.sp.steady ? sock_unix_here(&b) : sock_unix_replace(&b);
	safepath_close(&b.sp);
	if (rc == -1)
		return fd_fail(b.fd, errno);
	*made = b.made;
	return b.fd;
}

int
sock_unix_listen(const struct sock_unix *want, struct safepath_id *made)
{
	return sock_unix_listen_as(want, SOCK_NONBLOCK, false, made);
}

int
sock_unix_listen_here(const struct sock_unix *want, struct safepath_id *made)
{
	return sock_unix_listen_as(want, 0, true, made);
}

void
sock_unix_unlink(const char *path, const struct safepath_id *made)
{
	struct safepath sp;

	if (made->ino == 0)
		return;
	if (safepath_find(&sp, path, SAFEPATH_LAST) == 0)
		(void)!safepath_remove(&sp, sp.name, made);
	safepath_close(&sp);
}

bool
sock_unix_has_path(const char *path, const struct safepath_id *made)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    safepath_id_equal(made, &st);
}

int
sock_unix_check_free(const char *path)
{
	int fd = sock_try_unix(path);

	/* EAGAIN: a process listens, but its backlog is full. */
	if (fd != -1 || errno == EAGAIN) {
		fd_close(fd);
		return fail_with(EADDRINUSE);
	}
	return errno == ENOENT || errno == ECONNREFUSED || errno == EPROTOTYPE ||
		errno == ELOOP ?
	    0 :
	    -1;
}
