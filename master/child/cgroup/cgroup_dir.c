#include "master/child/cgroup/cgroup_dir.h"

#include "common/fail.h"
#include "common/fd.h"
#include "common/str.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 16 /* of groups that a program has made in its own */
#define PASSES_MAX 5 /* over cgroup.procs, which has more processes after each */

int
cgroup_dir_open(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
cgroup_dir_read(int dir, const char *file, char text[CGROUP_DIR_TEXT])
{
	int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = 1;

	if (fd == -1)
		return -1;
	while (n < CGROUP_DIR_TEXT - 1 && got > 0) {
		got = read(fd, text + n, CGROUP_DIR_TEXT - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	text[n] = '\0';
	if (got == -1)
		return fd_fail(fd, errno);
	close(fd);
	return 0;
}

int
cgroup_dir_write(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	size_t n = strlen(text);

	if (fd == -1)
		return -1;
	if (write(fd, text, n) != (ssize_t)n)
		return fd_fail(fd, errno);
	close(fd);
	return 0;
}

int64_t
cgroup_dir_parse(const char *text, const char *key)
{
	size_t n = key != NULL ? strlen(key) : 0;
	char *end;
	long long number;

	while (n > 0 && (strncmp(text, key, n) != 0 || text[n] != ' ')) {
		text = strchr(text, '\n');
		if (text++ == NULL)
			return -1;
	}
	text += n + (n > 0);
	errno = 0;
	number = strtoll(text, &end, 10);
	return errno == 0 && isdigit((unsigned char)*text) &&
		(*end == '\n' || *end == '\0') ?
	    number :
	    -1;
}

int64_t
cgroup_dir_number(int dir, const char *file, const char *key)
{
	char text[CGROUP_DIR_TEXT];

	if (cgroup_dir_read(dir, file, text) == -1)
		return -1;
	return cgroup_dir_parse(text, key);
}

bool
cgroup_dir_is_populated(int dir)
{
	return cgroup_dir_number(dir, "cgroup.events", "populated") == 1;
}

/* ---- processes ---- */

/* Calls fn for the pids in cgroup.procs. The kernel writes 0 for a process of another pid
 * namespace. Returns the number of pids, or -1 with errno. */
static int
cgroup_dir_each(int dir, void (*fn)(void *ctx, pid_t pid), void *ctx)
{
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC), count = 0;
	FILE *file = fd == -1 ? NULL : fdopen(fd, "r");
	char line[32];
	long pid;

	if (file == NULL)
		return fd_fail(fd, errno);
	while (fgets(line, sizeof(line), file) != NULL) {
		pid = strtol(line, NULL, 10);
		if (pid <= 0 || pid > INT_MAX)
			continue;
		fn(ctx, (pid_t)pid);
		count++;
	}
	fclose(file);
	return count;
}

static void
cgroup_dir_kill_one(void *ctx UNUSED, pid_t pid)
{
	if (pid != getpid())
		kill(pid, SIGKILL);
}

/* Calls fn for the directory and those below it, the deepest first. */
static void
cgroup_dir_walk(int dir, int depth, void (*fn)(int parent, int dir, const char *name),
    int parent, const char *name)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), below;
	DIR *stream = copy == -1 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	while (stream != NULL && depth < DEPTH_MAX && (entry = readdir(stream)) != NULL) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		below = openat(
		    dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below == -1)
			continue;
		cgroup_dir_walk(below, depth + 1, fn, dir, entry->d_name);
		close(below);
	}
	if (stream != NULL)
		closedir(stream);
	else
		fd_close(copy);
	fn(parent, dir, name);
}

static void
cgroup_dir_kill_listed(int parent UNUSED, int dir, const char *name UNUSED)
{
	for (int i = 0; i < PASSES_MAX; i++)
		if (cgroup_dir_each(dir, cgroup_dir_kill_one, NULL) <= 0)
			return;
}

int
cgroup_dir_kill(int dir)
{
	if (cgroup_dir_write(dir, "cgroup.kill", "1") == 0)
		return 1;
	if (errno != ENOENT)
		return -1;
	cgroup_dir_walk(dir, 0, cgroup_dir_kill_listed, -1, "");
	return 0;
}

struct cgroup_move {
	int to, failed;
};

static void
cgroup_dir_move_one(void *ctx, pid_t pid)
{
	struct cgroup_move *move = ctx;
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (cgroup_dir_write(move->to, "cgroup.procs", text) == -1 && errno != ESRCH)
		move->failed = errno;
}

int
cgroup_dir_move(int from, int to)
{
	struct cgroup_move move = { .to = to };
	int count = 1;

	for (int i = 0; i < PASSES_MAX && count > 0 && move.failed == 0; i++)
		count = cgroup_dir_each(from, cgroup_dir_move_one, &move);
	if (move.failed != 0)
		return fail_with(move.failed);
	return count == -1 ? -1 : 0;
}

/* ---- removal ---- */

static void
cgroup_dir_remove_one(int parent, int dir UNUSED, const char *name)
{
	if (parent != -1)
		(void)unlinkat(parent, name, AT_REMOVEDIR);
}

int
cgroup_dir_remove(const char *path)
{
	int dir;

	if (rmdir(path) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -1;
	if ((dir = cgroup_dir_open(path)) == -1)
		return -1;
	/* While it has processes, the groups in it are left to them. */
	if (cgroup_dir_is_populated(dir))
		return fd_fail(dir, EBUSY);
	cgroup_dir_walk(dir, 0, cgroup_dir_remove_one, -1, "");
	close(dir);
	return rmdir(path);
}
