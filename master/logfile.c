#include "master/logfile.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/str.h"
#include "master/outlet.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define BACKUPS_TRIED 64 /* above this, look what is there before renaming */
#define LINKS_MAX 8	 /* symlinks followed for a reader */
#define MEM_MAJOR 1	 /* /dev/null and its like: written to without end */
#define LOOK_MS 1000	 /* how long another may rotate a file before it is noticed */

struct logfile {
	char *path;
	struct outlet out;
	dev_t dev; /* of what is open */
	ino_t ino;
	int64_t looked_ms; /* when was looked whether the path still names it */
	int64_t maxbytes, backups;
	uint64_t generation;
	bool named;   /* a regular file of that name, which can be renamed and replaced */
	bool quiet, failing;
};

/* A FIFO that nobody reads makes supervisord hang in open(). Ours is held open for reading
 * as well, so that neither opening nor writing waits or fails for want of a reader: 64 KiB
 * or more wait in it for the next one, and what comes after that is dropped. */
static int
open_fifo(const char *path)
{
	return open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* O_NONBLOCK means nothing to a regular file, and keeps a stopped terminal from stopping
 * us. */
static int
open_by_name(const char *path, int truncate, struct stat *st)
{
	int fd, fifo;

	fd = open(path,
	    O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | truncate,
	    0666);
	if (fd == -1 && errno == ENXIO)
		fd = open_fifo(path);
	if (fd == -1)
		return -1;
	if (fstat(fd, st) == -1) {
		close(fd);
		return -1;
	}
	if (!S_ISFIFO(st->st_mode))
		return fd;
	if ((fifo = open_fifo(path)) != -1) {
		close(fd);
		fd = fifo;
	}
	outlet_widen(fd);
	return fd;
}

/* The descriptor that the path stands for, when it was given to us and is not one of our
 * own making; -1 otherwise. */
static int
given_descriptor(const char *path)
{
	static const char *const directories[] = {"/dev/fd/", "/proc/self/fd/"};
	int64_t n = -1;
	int flags;

	if (strcmp(path, "/dev/stdout") == 0)
		n = STDOUT_FILENO;
	if (strcmp(path, "/dev/stderr") == 0)
		n = STDERR_FILENO;
	for (size_t i = 0; i < nitems(directories); i++)
		if (strncmp(path, directories[i], strlen(directories[i])) == 0 &&
		    str_to_int(path + strlen(directories[i]), &n) == -1)
			return -1;
	if (n < 0 || n > INT_MAX || (flags = fcntl((int)n, F_GETFD)) == -1)
		return -1;
	return flags & FD_CLOEXEC ? -1 : (int)n;
}

/* A file that we were given is written to as it is: opened by a name it would have another
 * offset, or, as a socket, could not be opened at all. */
static int
open_target(const char *path, int truncate, struct outlet *out, struct stat *st)
{
	int given = given_descriptor(path);

	*out = OUTLET_NONE;
	if (given == -1) {
		out->fd = open_by_name(path, truncate, st);
		return out->fd == -1 ? -1 : 0;
	}
	return outlet_share(out, given) == -1 ? -1 : fstat(out->fd, st);
}

/* Puts a newly opened descriptor in place of the present one, if any. */
static int
logfile_attach(struct logfile *file, int truncate)
{
	struct outlet out;
	struct stat st;

	if (open_target(file->path, truncate, &out, &st) == -1)
		return -1;
	outlet_close(&file->out);
	file->out = out;
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	file->looked_ms = clock_mono_ms();
	file->named = S_ISREG(st.st_mode) && given_descriptor(file->path) == -1;
	return 0;
}

struct logfile *
logfile_open(const char *path, int64_t maxbytes, int64_t backups)
{
	struct logfile *file;
	int saved;

	if ((file = calloc(1, sizeof(*file))) == NULL)
		return NULL;
	file->out = OUTLET_NONE;
	file->maxbytes = maxbytes;
	file->backups = backups;
	if ((file->path = strdup(path)) == NULL || logfile_attach(file, 0) == -1) {
		saved = errno;
		logfile_free(file);
		errno = saved;
		return NULL;
	}
	return file;
}

void
logfile_free(struct logfile *file)
{
	if (file == NULL)
		return;
	outlet_close(&file->out);
	free(file->path);
	free(file);
}

/* Keeps errno; one line per row of failures. */
static int
complain(struct logfile *file, const char *what)
{
	int saved = errno;

	if (!file->failing && !file->quiet)
		log_error("could not %s log file %s: %s", what, file->path,
		    str_errno_name(saved));
	file->failing = true;
	errno = saved;
	return -1;
}

/* F.from → F.(from + 1), or F → F.1 for 0. A source that is gone is no failure. */
static int
shift(const char *path, int64_t from)
{
	char source[PATH_MAX + 32], target[PATH_MAX + 32];

	if (from == 0)
		snprintf(source, sizeof(source), "%s", path);
	else
		snprintf(source, sizeof(source), "%s.%lld", path, (long long)from);
	snprintf(target, sizeof(target), "%s.%lld", path, (long long)from + 1);
	return rename(source, target) == -1 && errno != ENOENT ? -1 : 0;
}

/* The N of a name BASE.N, written as we write it, or 0. */
static int64_t
backup_number(const char *name, const char *base)
{
	char written[32];
	size_t len = strlen(base);
	long long n;

	if (strncmp(name, base, len) != 0 || name[len] != '.')
		return 0;
	n = strtoll(name + len + 1, NULL, 10);
	snprintf(written, sizeof(written), "%lld", n);
	return n > 0 && strcmp(written, name + len + 1) == 0 ? n : 0;
}

/* The highest backup below `limit` that exists: a setting of a million must not cost as
 * many calls. */
static int64_t
highest_backup(const char *path, int64_t limit)
{
	const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
	char dir[PATH_MAX];
	struct dirent *entry;
	int64_t highest = 0, n;
	DIR *stream;

	if ((size_t)(base - path) >= sizeof(dir))
		return 0;
	memcpy(dir, path, (size_t)(base - path));
	dir[base - path] = '\0';
	if ((stream = opendir(dir[0] == '\0' ? "." : dir)) == NULL)
		return 0;
	while ((entry = readdir(stream)) != NULL) {
		n = backup_number(entry->d_name, base);
		if (n < limit && n > highest)
			highest = n;
	}
	closedir(stream);
	return highest;
}

/* True when the path names another file than the one we hold: someone else rotated it. */
static bool
was_replaced(const struct logfile *file)
{
	struct stat st;

	return stat(file->path, &st) == 0 &&
	       (st.st_ino != file->ino || st.st_dev != file->dev);
}

static int
shift_all(const struct logfile *file)
{
	int64_t i = file->backups - 1;

	if (i > BACKUPS_TRIED)
		i = highest_backup(file->path, file->backups);
	for (; i >= 0; i--)
		if (shift(file->path, i) == -1)
			return -1;
	return 0;
}

/* Where supervisord would go on without O_APPEND, and overwrite a second writer's lines or
 * rotate that one's new file away, we append always and join a file that was put in place.
 * When a rename fails, what was written stays and is added to. */
static int
rotate(struct logfile *file)
{
	int truncate = O_TRUNC;

	if (was_replaced(file))
		truncate = 0;
	else if (file->backups > 0 && shift_all(file) == -1)
		return complain(file, "rotate");
	if (logfile_attach(file, truncate) == -1)
		return complain(file, "reopen");
	file->generation++;
	return 0;
}

/* Another program of ours, or of another's, may have renamed the file to rotate it. It
 * would take our output away with its oldest backup if we wrote on there. A file that was
 * renamed and not replaced is written on, as one expects before USR2. */
static void
follow_rotation(struct logfile *file)
{
	int64_t now = clock_mono_ms();

	if (!file->named || now - file->looked_ms < LOOK_MS)
		return;
	file->looked_ms = now;
	if (was_replaced(file) && logfile_attach(file, 0) == 0)
		file->generation++;
}

int
logfile_write(struct logfile *file, const void *bytes, size_t n)
{
	follow_rotation(file);
	if (outlet_write(&file->out, bytes, n) == -1)
		return complain(file, "write");
	if (file->named && file->maxbytes > 0 &&
	    lseek(file->out.fd, 0, SEEK_CUR) >= file->maxbytes)
		return rotate(file);
	file->failing = false;
	return 0;
}

size_t
logfile_put(struct logfile *file, const void *bytes, size_t n)
{
	size_t done = outlet_put(&file->out, bytes, n);

	if (done < n && errno != EAGAIN) {
		(void)complain(file, "write");
		return n;
	}
	file->failing = false;
	return done;
}

void
logfile_quiet(struct logfile *file, bool quiet)
{
	file->quiet = quiet;
}

const char *
logfile_path(const struct logfile *file)
{
	return file->path;
}

int
logfile_reopen(struct logfile *file)
{
	if (logfile_attach(file, 0) == -1)
		return complain(file, "reopen");
	file->generation++;
	return 0;
}

/* A device, a FIFO and what we were given: to remove them would clear nothing and break
 * what others do with them. */
static bool
is_lasting(const struct logfile *file)
{
	struct stat st;

	if (given_descriptor(file->path) != -1)
		return true;
	return stat(file->path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

int
logfile_clear(struct logfile *file)
{
	int gone;

	if (is_lasting(file))
		return 0;
	gone = unlink(file->path) == -1 ? errno : 0;
	if (gone != 0 && gone != ENOENT) {
		errno = gone;
		return -1;
	}
	if (logfile_attach(file, 0) == -1)
		return -1;
	file->generation++;
	errno = gone;
	return gone != 0 ? -1 : 0;
}

uint64_t
logfile_generation(const struct logfile *file)
{
	return file->generation;
}

void
logfile_resume(struct logfile *file, uint64_t generation)
{
	file->generation = generation;
}

bool
logfile_can_rotate(const char *path)
{
	struct stat st;

	if (given_descriptor(path) != -1)
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
	return outlet_is_full(&file->out);
}

int
logfile_fd(const struct logfile *file)
{
	return file->out.fd;
}

/* ---- for readers ---- */

static bool
is_readable_kind(const struct stat *st)
{
	return S_ISREG(st->st_mode) ||
	       (S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3));
}

/* Replaces the path by what the link held as `fd` says; 0 or -1 with errno. */
static int
follow(char *path, size_t size, int fd, const struct stat *st)
{
	char link[PATH_MAX], *slash;
	size_t dir = 0;
	ssize_t len;

	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		errno = EACCES;
		return -1;
	}
	if ((len = readlinkat(fd, "", link, sizeof(link) - 1)) == -1)
		return -1;
	link[len] = '\0';
	if (link[0] != '/' && (slash = strrchr(path, '/')) != NULL)
		dir = (size_t)(slash - path) + 1;
	if (dir + (size_t)len >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(path + dir, link, (size_t)len + 1);
	return 0;
}

/* An O_PATH descriptor of the file at the end of all links; each was checked in itself, so
 * that none can be exchanged between the check and the use. */
static int
resolve(char *path, size_t size, struct stat *st)
{
	int fd, left, saved;

	for (left = LINKS_MAX; left > 0; left--) {
		if ((fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC)) == -1)
			return -1;
		if (fstat(fd, st) == 0 && !S_ISLNK(st->st_mode))
			return fd;
		if (follow(path, size, fd, st) == -1) {
			saved = errno;
			close(fd);
			errno = saved;
			return -1;
		}
		close(fd);
	}
	errno = ELOOP;
	return -1;
}

/* Opens what an O_PATH descriptor stands for; without /proc, by name and only if it is
 * still the same. */
static int
open_resolved(int held, const char *path, const struct stat *st)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	char proc[32];
	struct stat now;
	int fd;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", held);
	if ((fd = open(proc, flags)) != -1 || errno != ENOENT)
		return fd;
	if ((fd = open(path, flags | O_NOFOLLOW)) == -1)
		return -1;
	if (fstat(fd, &now) == 0 && now.st_ino == st->st_ino && now.st_dev == st->st_dev)
		return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}

int
logfile_open_for_reader(const char *path)
{
	char at[PATH_MAX];
	int held, fd = -1, saved;
	struct stat st;

	if (strlen(path) >= sizeof(at)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(at, path);
	if ((held = resolve(at, sizeof(at), &st)) == -1)
		return -1;
	if (is_readable_kind(&st))
		fd = open_resolved(held, at, &st);
	else
		errno = EINVAL;
	saved = errno;
	close(held);
	errno = saved;
	return fd;
}
