#include "master/daemon/second_daemon.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/sock.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_MS 50        /* while the socket's backlog is full, or the lock is held */
#define LOCK_WAIT_MS 30000 /* a start with thousands of programs takes so long */
#define LOCK_BASE_MAX 200  /* bytes of the socket's name that the lock's name keeps */
#define ANSWER_MAX (64 * 1024)
#define HELLO "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\"," \
    "\"params\":{\"protocol\":1,\"program\":\"reeved\"}}\n"

json_t *
second_daemon_identity(const char *file)
{
	json_t *identity = json_pack("{s:s}", "path", file);
	struct stat st;

	if (identity != NULL && stat(file, &st) == 0) {
		json_object_set_new(
		    identity, "device", json_integer((json_int_t)st.st_dev));
		json_object_set_new(identity, "inode", json_integer((json_int_t)st.st_ino));
	}
	return identity;
}

/* By inode: an editor that replaces the file replaces it for both daemons, and in two mount
 * namespaces one path can be two files. The path decides only when stat fails. */
static bool
second_daemon_is_same_file(const json_t *theirs, const char *file)
{
	const json_t *inode = json_object_get(theirs, "inode");
	struct stat st;

	if (inode == NULL || stat(file, &st) == -1)
		return str_equal(json_string_value(json_object_get(theirs, "path")), file);
	return json_integer_value(inode) == (json_int_t)st.st_ino &&
	    json_integer_value(json_object_get(theirs, "device")) == (json_int_t)st.st_dev;
}

static int
second_daemon_remaining(int64_t end)
{
	int64_t left = end - clock_mono_ms();

	return left > 0 ? (int)left : 0;
}

/* Reads the first line of the answer. 0, or -1 when none arrived in time. */
static int
second_daemon_read_line(int fd, struct buf *in, int64_t end)
{
	struct pollfd look = { .fd = fd, .events = POLLIN };
	char bytes[4096];
	ssize_t n;

	while (buf_len(in) == 0 || buf_data(in)[buf_len(in) - 1] != '\n') {
		if (poll(&look, 1, second_daemon_remaining(end)) == 0)
			return -1;
		n = read(fd, bytes, sizeof(bytes));
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0 || buf_append(in, bytes, (size_t)n) == -1)
			return -1;
	}
	return 0;
}

/* New: the result of its answer; NULL = no valid answer. */
static json_t *
second_daemon_ask(int fd, int64_t end)
{
	json_t *answer = NULL, *result = NULL;
	struct buf in;

	buf_init(&in, ANSWER_MAX);
	if (sock_send(fd, HELLO, strlen(HELLO), -1) == (ssize_t)strlen(HELLO) &&
	    second_daemon_read_line(fd, &in, end) == 0)
		answer =
		    json_loadb(buf_data(&in), buf_len(&in), JSON_REJECT_DUPLICATES, NULL);
	result = json_incref(json_object_get(answer, "result"));
	json_decref(answer);
	buf_clear(&in);
	return result;
}

static void
second_daemon_classify(struct second_daemon *second, const json_t *result, const char *file)
{
	const json_t *theirs = json_object_get(result, "config");
	const char *path = json_string_value(json_object_get(theirs, "path"));

	if (!str_equal(json_string_value(json_object_get(result, "program")), "reeved")) {
		second->kind = SECOND_SILENT;
		return;
	}
	second->kind =
	    second_daemon_is_same_file(theirs, file) ? SECOND_SAME : SECOND_OTHER;
	second->pid = (pid_t)json_integer_value(json_object_get(result, "pid"));
	second->file = path == NULL ? NULL : strdup(path);
}

/* --- the lock ------------------------------------------------------------------ */

/* Tries to lock the file. 1 = locked, 0 = another daemon has it, -1 = not possible. */
static int
second_daemon_lock_once(struct second_daemon_lock *lock)
{
	struct stat st;

	lock->fd = safepath_open(&lock->dir, lock->name, O_RDWR | O_CREAT, 0600, &st);
	if (lock->fd == -1)
		return -1;
	lock->id = safepath_id_of(&st);
	/* Another user could hold the lock of a file that others can open. */
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return -1;
	if (flock(lock->fd, LOCK_EX | LOCK_NB) == -1)
		return errno == EWOULDBLOCK ? 0 : -1;
	/* The daemon that had the lock may have removed the file. */
	return safepath_stat(&lock->dir, lock->name, &st) == 0 &&
	    safepath_id_equal(&lock->id, &st);
}

void
second_daemon_lock(struct second_daemon_lock *lock, const char *control_socket)
{
	int64_t end = clock_mono_ms() + LOCK_WAIT_MS;
	int rc = -1;

	lock->fd = -1;
	if (safepath_find(&lock->dir, control_socket, SAFEPATH_LAST) == 0) {
		(void)snprintf(lock->name, sizeof(lock->name), ".%.*s.lock", LOCK_BASE_MAX,
		    lock->dir.name);
		while ((rc = second_daemon_lock_once(lock)) == 0 &&
		    second_daemon_remaining(end) > 0) {
			close(lock->fd);
			(void)poll(NULL, 0, RETRY_MS);
		}
	}
	if (rc == 1)
		return;
	fd_close(lock->fd);
	lock->fd = -1;
	safepath_close(&lock->dir);
}

void
second_daemon_unlock(struct second_daemon_lock *lock)
{
	if (lock->fd == -1)
		return;
	(void)!safepath_remove(&lock->dir, lock->name, &lock->id);
	close(lock->fd);
	lock->fd = -1;
	safepath_close(&lock->dir);
}

/* --- the question --------------------------------------------------------------- */

void
second_daemon_find(
    struct second_daemon *second, const char *control_socket, const char *file)
{
	int64_t end = clock_mono_ms() + SECOND_WAIT_MS;
	json_t *result;
	uid_t uid;
	gid_t gid;
	int fd;

	*second = (struct second_daemon){ .kind = SECOND_NONE };
	while ((fd = sock_try_unix(control_socket)) == -1 && errno == EAGAIN &&
	    second_daemon_remaining(end) > 0)
		(void)poll(NULL, 0, RETRY_MS);
	if (fd == -1) {
		/* A process listens, but has not accepted in time. */
		if (errno == EAGAIN)
			second->kind = SECOND_SILENT;
		return;
	}
	/* A process of another user is not asked, because it could give any answer. */
	if (sock_peer(fd, &second->pid, &uid, &gid) == 0 &&
	    (uid == 0 || uid == geteuid())) {
		result = second_daemon_ask(fd, end);
		second_daemon_classify(second, result, file);
		json_decref(result);
	}
	close(fd);
}

void
second_daemon_clear(struct second_daemon *second)
{
	free(second->file);
	*second = (struct second_daemon){ .kind = SECOND_NONE };
}

bool
second_daemon_has_pidfile(const struct second_daemon *second, const char *pidfile)
{
	char text[32], why[SAFEPATH_WHY];
	struct stat st;
	long number;
	ssize_t n;
	int fd;

	if (second->kind == SECOND_NONE)
		return false;
	fd = safepath_open_path(pidfile, O_RDONLY, 0, &st, why);
	if (fd == -1)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	number = strtol(text, NULL, 10);
	if (second->pid > 0 || number <= 0 || number > INT_MAX)
		return number > 0 && number == (long)second->pid;
	/* The kernel has not named the process, because its backlog is full. */
	return number != (long)getpid() && (kill((pid_t)number, 0) == 0 || errno == EPERM);
}
