#include "master/log/mainlog.h"

#include "common/clock.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/loglimit.h"
#include "master/log/nonblocking_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES 2048 /* of a line that needs no allocation */
#define STAMP_MAX 64
#define ECHO_PATH "/dev/stdout"

struct mainlog {
	struct logfile *file;      /* NULL = none */
	struct syslogger *syslog;  /* NULL = none */
	struct logfile *echo;      /* our standard output; NULL = none */
	struct log_limit failures; /* log lines about the file */
	int64_t stamp_s;           /* the second that `stamp` shows */
	char stamp[32];
};

/* In the foreground with logfile=/dev/stdout, each line would be written twice. */
static bool
mainlog_is_echo(const struct mainlog *log)
{
	struct stat file, echo;

	return log->file != NULL && log->echo != NULL &&
	    fstat(logfile_fd(log->file), &file) == 0 &&
	    fstat(logfile_fd(log->echo), &echo) == 0 && file.st_dev == echo.st_dev &&
	    file.st_ino == echo.st_ino;
}

struct mainlog *
mainlog_open(const char *path, int64_t maxbytes, int64_t backups, bool echo, int fd)
{
	struct mainlog *log;
	int saved;

	if ((log = calloc(1, sizeof(*log))) == NULL) {
		fd_close(fd);
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	log->stamp_s = -1;
	/* Before the file, which would get descriptor 1 if that is closed. */
	if (echo && (log->echo = logfile_open(ECHO_PATH, 0, 0)) != NULL)
		logfile_quiet(log->echo, true);
	if (path == NULL)
		fd_close(fd);
	else if ((log->file = logfile_adopt(path, maxbytes, backups, fd)) == NULL) {
		saved = errno;
		mainlog_free(log);
		return fail_null(saved);
	}
	if (log->file != NULL)
		logfile_quiet(log->file, true);
	if (mainlog_is_echo(log)) {
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

/* Writes "YYYY-MM-DD HH:MM:SS,mmm LEVEL" and returns its length. */
static size_t
mainlog_stamp(struct mainlog *log, enum log_level level, char *out)
{
	int64_t now = clock_wall_ms();

	if (log->stamp_s != now / 1000) {
		log->stamp_s = now / 1000;
		clock_local_text(
		    log->stamp, sizeof(log->stamp), "%Y-%m-%d %H:%M:%S", log->stamp_s);
	}
	return (size_t)snprintf(out, STAMP_MAX, "%s,%03d %s", log->stamp, (int)(now % 1000),
	    log_level_tag(level));
}

/* A failure of the main log's file cannot be reported in that file. It is written to
 * standard error, which is the console until the daemon detaches from it, and to syslog. */
static void
mainlog_report_failure(struct mainlog *log, int error)
{
	UNINITIALIZED char head[STAMP_MAX], line[LINE_BYTES];
	char more[64] = "";
	struct nonblocking_writer console;
	uint64_t suppressed;
	size_t start;
	int n;

	if (!log_limit_pass(&log->failures, 1, LOG_LIMIT_MS, &suppressed))
		return;
	if (suppressed > 0)
		snprintf(more, sizeof(more), " (%" PRIu64 " more since the last report)",
		    suppressed);
	start = mainlog_stamp(log, LEVEL_ERROR, head) + 1;
	n = snprintf(line, sizeof(line), "%s could not %s log file %.512s: %s%s\n", head,
	    logfile_failure(log->file), logfile_path(log->file), strerror(error), more);
	if (nonblocking_writer_share(&console, STDERR_FILENO) == 0)
		(void)nonblocking_writer_put(&console, line, (size_t)n);
	nonblocking_writer_close(&console);
	if (log->syslog != NULL)
		(void)syslogger_send(log->syslog, head, line + start, (size_t)n - start);
}

void
mainlog_sink(void *mainlog, enum log_level level, const char *text, size_t len)
{
	struct mainlog *log = mainlog;
	UNINITIALIZED char small[LINE_BYTES], head[STAMP_MAX];
	char *line = small;
	size_t n = mainlog_stamp(log, level, head), done;
	int saved = errno;

	/* A single write, so that lines of two writers are not mixed. */
	if (n + len + 2 > sizeof(small) && (line = malloc(n + len + 2)) == NULL) {
		line = small;
		len = sizeof(small) - n - 2;
	}
	memcpy(line, head, n);
	line[n] = ' ';
	memcpy(line + n + 1, text, len);
	line[n + 1 + len] = '\n';
	n += len + 2;
	if (log->file != NULL && logfile_write(log->file, line, n) == -1)
		mainlog_report_failure(log, errno);
	/* Bytes that standard output does not accept at once are dropped; their number is
	 * reported there later. */
	if (log->echo != NULL && (done = logfile_put(log->echo, line, n)) < n)
		logfile_lose(log->echo, n - done, ENOBUFS);
	if (log->syslog != NULL)
		(void)syslogger_send(log->syslog, head, text, len);
	if (line != small)
		free(line);
	errno = saved;
}

const char *
mainlog_path(const struct mainlog *log)
{
	return log->file != NULL ? logfile_path(log->file) : NULL;
}

struct logfile *
mainlog_file(const struct mainlog *log)
{
	return log != NULL ? log->file : NULL;
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
	/* A failure is logged to the old file, which stays open. */
	logfile_quiet(log->file, false);
	(void)logfile_reopen(log->file);
	logfile_quiet(log->file, true);
}
