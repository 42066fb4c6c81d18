#include "master/log/logtarget.h"

#include "common/fail.h"
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>

/* safepath_open_path adds O_NONBLOCK, so that a stopped terminal cannot stop us. We keep a
 * FIFO open for reading as well, so that opening and writing it neither wait nor fail
 * without a reader (supervisord hangs in open()): the FIFO keeps 64 KiB or more for the
 * next reader, and further output is dropped. */
static int
logtarget_open_by_name(const char *path, struct stat *st, char *why)
{
	int fd = safepath_open_path(path, O_WRONLY | O_CREAT | O_APPEND, 0666, st, why);
	int fifo;

	if (fd == -1 ? errno != ENXIO : !S_ISFIFO(st->st_mode))
		return fd;
	fifo = safepath_open_path(path, O_RDWR, 0, st, why);
	if (fifo != -1 && !S_ISFIFO(st->st_mode))
		fifo = fd_fail(fifo, ENXIO);
	if (fifo != -1) {
		fd_close(fd);
		fd = fifo;
	}
	if (fd != -1)
		nonblocking_writer_widen(fd);
	return fd;
}

/* An inherited file is not opened by its name: it would get another offset, and a socket
 * cannot be opened. */
int
logtarget_open(const char *path, struct nonblocking_writer *out, struct stat *st, char *why)
{
	int inherited;

	*why = '\0';
	*out = NONBLOCKING_WRITER_NONE;
	if (!safepath_inherited_fd(path, &inherited)) {
		out->fd = logtarget_open_by_name(path, st, why);
		return out->fd == -1 ? -1 : 0;
	}
	if (inherited == -1)
		return fail_with(ENOENT);
	if (nonblocking_writer_share(out, inherited) == 0 && fstat(out->fd, st) == 0)
		return 0;
	nonblocking_writer_close(out);
	return -1;
}

/* Checks the type with O_PATH first, because opening a device or a FIFO has effects. */
static int
logtarget_open_found(struct safepath *sp)
{
	struct safepath_id id;
	struct stat st;
	int fd = safepath_open(sp, sp->name, O_PATH, 0, &st);

	if (fd == -1)
		return -1;
	fd_close(fd);
	if (!S_ISREG(st.st_mode) && !(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
		return fail_with(EINVAL);
	id = safepath_id_of(&st);
	fd = safepath_open(sp, sp->name, O_RDONLY, 0, &st);
	if (fd == -1 || safepath_id_equal(&id, &st))
		return fd;
	return fd_fail(fd, ENOENT);
}

int
logtarget_open_for_reader(const char *path)
{
	struct safepath sp;
	int fd = -1;

	if (safepath_find(&sp, path, 0) == 0)
		fd = logtarget_open_found(&sp);
	safepath_close(&sp);
	return fd;
}
