#include "master/daemon/pidfile.h"

#include "common/fail.h"
#include "common/fd.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 32
#define BASE_MAX 200 /* bytes of the name that its temporary name keeps */

static int
pidfile_text(char text[TEXT_MAX])
{
	return snprintf(text, TEXT_MAX, "%d\n", (int)getpid());
}

/* fd -1: it could not be opened. The number of bytes written, or -1 with errno. */
static int
pidfile_put(int fd)
{
	char text[TEXT_MAX];
	int n = pidfile_text(text);
	ssize_t done;

	if (fd == -1)
		return -1;
	done = write(fd, text, (size_t)n);
	return done == n ? n : fail_with(done == -1 ? errno : ENOSPC);
}

/* 0, or -1 with errno; rc -1: writing has failed with errno. */
static int
pidfile_close(int fd_take, int rc)
{
	return rc == -1 ? fd_fail(fd_take, errno) : close(fd_take);
}

/* Writes a new file under another name, so that a full disk leaves no empty pidfile. */
static int
pidfile_replace(struct safepath *sp, struct safepath_id *made)
{
	char temporary[NAME_MAX];
	struct stat st;
	int fd, saved;

	(void)snprintf(
	    temporary, sizeof(temporary), ".%.*s.%d", BASE_MAX, sp->name, (int)getpid());
	if (safepath_check_replace(sp, sp->name) == -1)
		return -1;
	/* An earlier process with our pid may have left one. */
	(void)!safepath_remove(sp, temporary, NULL);
	fd = safepath_open(sp, temporary, O_WRONLY | O_CREAT | O_EXCL, 0666, &st);
	if (fd == -1)
		return -1;
	if (pidfile_close(fd, pidfile_put(fd)) == 0 &&
	    safepath_rename(sp, temporary, sp->name) == 0) {
		*made = safepath_id_of(&st);
		return 0;
	}
	saved = errno;
	(void)!safepath_remove(sp, temporary, NULL);
	return fail_with(saved);
}

/* For a file that is a mount point, or whose directory takes no new one. It stays when the
 * daemon ends. Its old bytes are cut off last, so that it is never empty. */
static int
pidfile_overwrite(struct safepath *sp)
{
	struct stat st;
	int fd, n;

	if (safepath_check_replace(sp, sp->name) == -1)
		return -1;
	fd = safepath_open(sp, sp->name, O_WRONLY, 0, &st);
	n = pidfile_put(fd);
	return pidfile_close(fd, n == -1 ? -1 : safepath_truncate(sp, fd, n));
}

static int
pidfile_write_found(struct safepath *sp, struct safepath_id *made)
{
	struct stat st;
	int fd, saved;

	if (sp->magic || (safepath_stat(sp, sp->name, &st) == 0 && !S_ISREG(st.st_mode))) {
		fd = safepath_open(sp, sp->name, O_WRONLY, 0, &st);
		return pidfile_close(fd, pidfile_put(fd));
	}
	if (pidfile_replace(sp, made) == 0)
		return 0;
	saved = errno;
	return pidfile_overwrite(sp) == 0 ? 0 : fail_with(saved);
}

static int
pidfile_write_path(const char *path, struct safepath_id *made, char *why)
{
	struct safepath sp;
	int fd, rc;

	if (safepath_inherited_fd(path, &fd)) {
		fd = fd == -1 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		return pidfile_close(fd, pidfile_put(fd));
	}
	rc = safepath_find(&sp, path, 0);
	if (rc == 0)
		rc = pidfile_write_found(&sp, made);
	memcpy(why, sp.why, sizeof(sp.why));
	safepath_close(&sp);
	return rc;
}

bool
pidfile_write(const char *path, struct safepath_id *made)
{
	char why[SAFEPATH_WHY] = "";

	*made = (struct safepath_id){ 0 };
	if (pidfile_write_path(path, made, why) == 0) {
		log_info("supervisord started with pid %d", (int)getpid());
		return true;
	}
	log_critical("could not write pidfile %s", path);
	log_error(
	    "pidfile %s: %s%s%s", path, strerror(errno), *why != '\0' ? ": " : "", why);
	return false;
}

/* A second daemon's pidfile may have got the inode number of ours, once that was freed. */
static bool
pidfile_holds_ours(struct safepath *sp)
{
	char text[TEXT_MAX], got[TEXT_MAX];
	struct stat st;
	int fd = safepath_open(sp, sp->name, O_RDONLY, 0, &st);
	ssize_t n;

	if (fd == -1)
		return false;
	n = read(fd, got, sizeof(got));
	(void)close(fd);
	return n == pidfile_text(text) && memcmp(got, text, (size_t)n) == 0;
}

void
pidfile_remove(const char *path, const struct safepath_id *made)
{
	struct safepath sp;
	struct stat st;

	if (made->ino == 0)
		return;
	if (safepath_find(&sp, path, 0) == 0 && safepath_stat(&sp, sp.name, &st) == 0 &&
	    S_ISREG(st.st_mode) && safepath_id_equal(made, &st) && pidfile_holds_ours(&sp))
		(void)!safepath_remove(&sp, sp.name, made);
	safepath_close(&sp);
}
