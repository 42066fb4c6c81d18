#include "master/log/mainlog.h"

#include "common/clock.h"
#include "common/fail.h"
#include "common/loglimit.h"
#include "master/log/nonblocking_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_ROOM 2048 /* lines that need no allocation */
#define STAMP_MAX 64
#define ECHO_PATH "/dev/stdout"

struct mainlog {
	struct logfile *file; /* NULL = none */
	struct syslogger *syslog; /* NULL = none */
	struct logfile *echo; /* our standard output; NULL = none */
	struct log_limit failures; /* of the file */
	int64_t stamp_s; /* the second that `stamp` shows */
	char stamp[32];
};

/* With logfile=/dev/stdout in the foreground each line would appear twice. */
static bool
is_same_file(int a, int b)
{
	struct stat first, second;

	return fstat(a, &first) == 0 && fstat(b, &second) == 0 &&
	    first.st_dev == second.st_dev && first.st_ino == second.st_ino;
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
	if (echo && (log->echo = logfile_open(ECHO_PATH, 0, 0)) != NULL)
		logfile_quiet(log->echo, true);
	if (path != NULL && (log->file = logfile_open(path, maxbytes, backups)) == NULL) {
		saved = errno;
		mainlog_free(log);
		return fail_null(saved);
	}
	if (log->file != NULL)
		logfile_quiet(log->file, true);
	if (log->file != NULL && log->echo != NULL &&
	    is_same_file(logfile_fd(log->file), logfile_fd(log->echo))) {
		logfile_free(log->echo);
		log->echo = NULL;
	}
	return log;
}

void
mainlog_free(struct mainlog *log)
{
	if (log == NULL)
		return;
	logfile_free(log->file);
	logfile_free(log->echo);
	free(log);
}

void
mainlog_use_syslog(struct mainlog *log, struct syslogger *syslog)
{
	log->syslog = syslog;
}

/* "YYYY-MM-DD HH:MM:SS,mmm LEVEL "; its length. */
static size_t
stamp(struct mainlog *log, enum log_level level, char *out)
{
	int64_t now = clock_wall_ms();
	int n;

	if (log->stamp_s != now / 1000) {
		log->stamp_s = now / 1000;
		clock_local_text(log->stamp, sizeof(log->stamp), "%Y-%m-%d %H:%M:%S",
		    log->stamp_s);
	}
	n = snprintf(out, STAMP_MAX, "%s,%03d %s ", log->stamp, (int)(now % 1000),
	    log_level_tag(level));
	return (size_t)n;
}

/* To standard error, which is the console until a daemon leaves it, and to syslog. */
static void
tell_elsewhere(struct mainlog *log, const char *text, size_t n)
{
	UNINITIALIZED char head[STAMP_MAX], line[LINE_ROOM];
	size_t len = stamp(log, LEVEL_ERROR, head);
	struct writer console;
	int total;

	total = snprintf(line, sizeof(line), "%s%.*s\n", head, (int)n, text);
	if (writer_share(&console, STDERR_FILENO) == 0)
		(void)writer_write(&console, line, (size_t)total);
	writer_close(&console);
	if (log->syslog != NULL) {
		head[len - 1] = '\0'; /* the blank, which comes of itself */
		(void)syslogger_send(log->syslog, head, text, n);
	}
}

/* A failure of the main log's file cannot be read there. */
static void
report_failure(struct mainlog *log, int error)
{
	char text[LINE_ROOM / 2];
	uint64_t held;
	int n;

	if (!log_limit_pass(&log->failures, &held))
		return;
	n = snprintf(text, sizeof(text), "could not %s log file %.512s: %s",
	    logfile_failure(log->file), logfile_path(log->file), strerror(error));
	if (held > 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		    " (%" PRIu64 " more since the last report)", held);
	tell_elsewhere(log, text, (size_t)n);
}

/* What does not go out at once is dropped, and counted in the next line that does. */
static void
echo(struct mainlog *log, const char *line, size_t n)
{
	size_t done = logfile_put(log->echo, line, n);

	if (done < n)
		logfile_lose(log->echo, n - done, ENOBUFS);
}

static void
put(struct mainlog *log, const char *line, size_t n)
{
	if (log->file != NULL && logfile_write(log->file, line, n) == -1)
		report_failure(log, errno);
	if (log->echo != NULL)
		echo(log, line, n);
}

void
mainlog_sink(void *mainlog, enum log_level level, const char *text, size_t len)
{
	struct mainlog *log = mainlog;
	UNINITIALIZED char room[LINE_ROOM], head[STAMP_MAX];
	char *line = room;
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
	if (log->syslog != NULL) {
		head[n - 1] = '\0'; /* the blank, which comes of itself */
		(void)syslogger_send(log->syslog, head, text, len);
	}
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
	if (log->file == NULL)
		return fail_with(ENOENT);
	if (access(logfile_path(log->file), F_OK) == -1)
		return -1;
	log_info("reopening log file");
	return logfile_clear(log->file);
}

void
mainlog_reopen(struct mainlog *log)
{
	log_info("supervisord logreopen");
	if (log->file == NULL)
		return;
	/* The file that is open takes the line when its path cannot be opened. */
	logfile_quiet(log->file, false);
	(void)logfile_reopen(log->file);
	logfile_quiet(log->file, true);
}
