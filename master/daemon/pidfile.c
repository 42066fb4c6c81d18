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
#define BASE_MAX 200 /* of the name's bytes that its temporary name has */

static int
pidfile_text(char *text)
{
	return snprintf(text, TEXT_MAX, "%d\n", (int)getpid());
}

/* Closes fd. 0 when all is written, or -1 with errno. */
static int
pidfile_put(int fd_take)
{
	char text[TEXT_MAX];
	int n = pidfile_text(text);
	ssize_t done = write(fd_take, text, (size_t)n);

	if (done != n)
		return fd_fail(fd_take, done == -1 ? errno : ENOSPC);
	return close(fd_take);
}

/* Under another name first: a full disk leaves no empty pidfile. */
static int
pidfile_replace(struct safepath *sp, struct safepath_id *made)
{
	char aside[NAME_MAX];
	struct stat st;
	int fd, saved;

	(void)snprintf(aside, sizeof(aside), ".%.*s.%d", BASE_MAX, sp->name, (int)getpid());
	if (safepath_check_replace(sp, sp->name) == -1)
		return -1;
	/* Of a process that had our pid. */
	(void)!safepath_remove(sp, aside, NULL);
	fd = safepath_open(sp, aside, O_WRONLY | O_CREAT | O_EXCL, 0666, &st);
	if (fd == -1)
		return -1;
	if (pidfile_put(fd) == 0 && safepath_rename(sp, aside, sp->name) == 0) {
		*made = safepath_id_of(&st);
		return 0;
	}
	saved = errno;
	(void)!safepath_remove(sp, aside, NULL);
	return fail_with(saved);
}

/* A file whose directory takes no new one, or that is a mount point: its first bytes are
 * replaced before it is cut to them. It is not ours to remove. */
static int
pidfile_overwrite(struct safepath *sp)
{
	char text[TEXT_MAX];
	int n = pidfile_text(text), fd;
	struct stat st;
	ssize_t done;

	if (safepath_check_replace(sp, sp->name) == -1)
		return -1;
	fd = safepath_open(sp, sp->name, O_WRONLY, 0, &st);
	if (fd == -1)
		return -1;
	done = pwrite(fd, text, (size_t)n, 0);
	if (done != n)
		return fd_fail(fd, done == -1 ? errno : ENOSPC);
	if (safepath_truncate(sp, fd, n) == -1)
		return fd_fail(fd, errno);
	return close(fd);
}

static int
pidfile_write_found(struct safepath *sp, struct safepath_id *made)
{
	struct stat st;
	int fd, saved;

	if (sp->magic || (safepath_stat(sp, sp->name, &st) == 0 && !S_ISREG(st.st_mode))) {
		fd = safepath_open(sp, sp->name, O_WRONLY, 0, &st);
		return fd == -1 ? -1 : pidfile_put(fd);
	}
	if (pidfile_replace(sp, made) == 0)
		return 0;
	saved = errno;
	if (pidfile_overwrite(sp) == 0)
		return 0;
	return fail_with(saved);
}

static int
pidfile_write_path(const char *path, struct safepath_id *made, char *why)
{
	struct safepath sp;
	int fd, rc;

	if (safepath_inherited_fd(path, &fd)) {
		fd = fd == -1 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		return fd == -1 ? -1 : pidfile_put(fd);
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

/* The number of an inode that was freed may be a second daemon's pidfile's by now. */
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
