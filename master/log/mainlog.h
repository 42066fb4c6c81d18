/* Mainlog: supervisord's own log: line format, rotation, syslog, and a copy on standard
 * output in the foreground. Its sink is a log_sink of common/log.h. */
#ifndef MASTER_LOG_MAINLOG_H
#define MASTER_LOG_MAINLOG_H

#include "common/log.h"
#include "master/log/logfile.h"
#include "master/log/syslogger.h"

#include <stdbool.h>

struct mainlog;

/* New; path NULL = no file. fd (taken): as for logfile_adopt, -1 = none. NULL with errno if
 * the file cannot be opened. Makes the
 * process ignore SIGPIPE and SIGXFSZ, so that a reader that has gone and a file that is too
 * large make the write fail instead. */
struct mainlog *mainlog_open(
    const char *path, int64_t maxbytes, int64_t backups, bool echo, int fd_take);
void mainlog_free(struct mainlog *);
/* Sends all lines to syslog as well; borrowed. */
void mainlog_use_syslog(struct mainlog *, struct syslogger *);
/* The log_sink. Writes "YYYY-MM-DD HH:MM:SS,mmm LEVEL MESSAGE", local time. A failure of
 * the file is reported on standard error and to syslog, once a minute. */
void mainlog_sink(void *mainlog, enum log_level level, const char *text, size_t len);
const char *mainlog_path(const struct mainlog *); /* NULL = none */
/* For the state document; NULL = none. NULL is fine. */
struct logfile *mainlog_file(const struct mainlog *);
/* clearLog: logs INFO "reopening log file", then clears. 0, or -1 with errno. */
NODISCARD int mainlog_clear(struct mainlog *);
/* USR2: logs INFO "supervisord logreopen", then reopens the file; after a failure, the old
 * file stays open. */
void mainlog_reopen(struct mainlog *);

#endif
