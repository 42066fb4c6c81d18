#include "master/mainlog.h"

#include "common/clock.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_ROOM 2048 /* lines that need no allocation */
#define STAMP_MAX 64

/* How to write to a stdout that we share with others and so may not make non-blocking. */
enum echo_kind {
	ECHO_NONE,
	ECHO_PLAIN, /* a regular file, or our own non-blocking opening of it */
	ECHO_SOCKET,
	ECHO_POLLED, /* cannot be opened again: ask before each slice */
};

struct mainlog {
	struct logfile *file; /* NULL = none */
	enum echo_kind echo;
	int echo_fd;
	bool echo_owned;
	int64_t stamp_s; /* the second that `stamp` shows */
	char stamp[32];
};

static void
echo_open(struct mainlog *log)
{
	struct stat st;
	int fd;

	log->echo_fd = STDOUT_FILENO;
	if (fstat(STDOUT_FILENO, &st) == -1)
		return;
	log->echo = S_ISREG(st.st_mode)	   ? ECHO_PLAIN
		    : S_ISSOCK(st.st_mode) ? ECHO_SOCKET
					   : ECHO_POLLED;
	if (log->echo != ECHO_POLLED)
		return;
	fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return;
	log->echo = ECHO_PLAIN;
	log->echo_fd = fd;
	log->echo_owned = true;
}

static ssize_t
echo_slice(const struct mainlog *log, const char *bytes, size_t n)
{
	struct pollfd ready = {.fd = log->echo_fd, .events = POLLOUT};

	if (log->echo == ECHO_SOCKET)
		return send(log->echo_fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (log->echo == ECHO_PLAIN)
		return write(log->echo_fd, bytes, n);
	if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
		return -1;
	return write(log->echo_fd, bytes, n < PIPE_BUF ? n : PIPE_BUF);
}

/* What does not go out at once is dropped. */
static void
echo_line(const struct mainlog *log, const char *bytes, size_t n)
{
	ssize_t done;

	if (log->echo == ECHO_NONE)
		return;
	while (n > 0 && (done = echo_slice(log, bytes, n)) > 0) {
		bytes += done;
		n -= (size_t)done;
	}
}

struct mainlog *
mainlog_open(const char *path, int64_t maxbytes, int64_t backups, bool echo)
{
	struct mainlog *log;
	int saved;

	if ((log = calloc(1, sizeof(*log))) == NULL)
		return NULL;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	log->stamp_s = -1;
	/* Before the file, which would take the number of a closed stdout. */
	if (echo)
		echo_open(log);
	if (path != NULL && (log->file = logfile_open(path, maxbytes, backups)) == NULL) {
		saved = errno;
		mainlog_free(log);
		errno = saved;
		return NULL;
	}
	if (log->file != NULL)
		logfile_quiet(log->file, true);
	return log;
}

void
mainlog_free(struct mainlog *log)
{
	if (log == NULL)
		return;
	logfile_free(log->file);
	if (log->echo_owned)
		close(log->echo_fd);
	free(log);
}

/* "YYYY-MM-DD HH:MM:SS,mmm LEVEL "; its length. */
static size_t
stamp(struct mainlog *log, enum log_level level, char *out)
{
	int64_t now = clock_wall_ms();
	time_t second = (time_t)(now / 1000);
	struct tm tm;
	int n;

	if (log->stamp_s != (int64_t)second) {
		localtime_r(&second, &tm);
		strftime(log->stamp, sizeof(log->stamp), "%Y-%m-%d %H:%M:%S", &tm);
		log->stamp_s = second;
	}
	n = snprintf(out, STAMP_MAX, "%s,%03d %s ", log->stamp, (int)(now % 1000),
	    log_level_tag(level));
	return (size_t)n;
}

static void
put(struct mainlog *log, const char *line, size_t n)
{
	if (log->file != NULL)
		(void)logfile_write(log->file, line, n);
	echo_line(log, line, n);
}

void
mainlog_sink(void *mainlog, enum log_level level, const char *text, size_t len)
{
	struct mainlog *log = mainlog;
	char room[LINE_ROOM], head[STAMP_MAX], *line = room;
	size_t n = stamp(log, level, head);
	int saved = errno;

	/* One write for a line, so that two writers do not mix theirs. */
	if (n + len + 1 > sizeof(room) && (line = malloc(n + len + 1)) == NULL) {
		line = room;
		len = sizeof(room) - n - 1;
	}
	memcpy(line, head, n);
	memcpy(line + n, text, len);
	line[n + len] = '\n';
	put(log, line, n + len + 1);
	if (line != room)
		free(line);
	errno = saved;
}

const char *
mainlog_path(const struct mainlog *log)
{
	return log->file != NULL ? logfile_path(log->file) : NULL;
}

int
mainlog_clear(struct mainlog *log)
{
	if (log->file == NULL) {
		errno = ENOENT;
		return -1;
	}
	if (access(logfile_path(log->file), F_OK) == -1)
		return -1;
	log_info("reopening log file");
	return logfile_clear(log->file);
}

void
mainlog_reopen(struct mainlog *log)
{
	log_info("supervisord logreopen");
	if (log->file != NULL && logfile_reopen(log->file) == -1)
		log_error("could not reopen log file %s: %s", logfile_path(log->file),
		    str_errno_name(errno));
}
