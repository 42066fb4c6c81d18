/* Mainlog: supervisord's own log: its line format, rotation, syslog, echo to stdout in the
 * foreground. It is the sink of common/log.h. */
#ifndef MASTER_LOG_MAINLOG_H
#define MASTER_LOG_MAINLOG_H

#include "common/log.h"
#include "master/log/logfile.h"
#include "master/log/syslogger.h"

#include <stdbool.h>

struct mainlog;

/* New; path NULL = no file. NULL with errno when the file cannot be opened. From here on
 * the process ignores SIGPIPE and SIGXFSZ: a reader that left and a full file are errors of
 * the write that meets them. */
struct mainlog *mainlog_open(
    const char *path, int64_t maxbytes, int64_t backups, bool echo);
void mainlog_free(struct mainlog *);
/* Sends its lines there as well; borrowed. */
void mainlog_use_syslog(struct mainlog *, struct syslogger *);
/* The log_sink; a failure of the file is reported on standard error and to syslog, once a
 * minute. One line "YYYY-MM-DD HH:MM:SS,mmm LEVEL MESSAGE", local time. */
void mainlog_sink(void *mainlog, enum log_level level, const char *text, size_t len);
const char *mainlog_path(const struct mainlog *); /* NULL = none */
/* clearLog: INFO "reopening log file" first; 0, or -1 with errno. */
NODISCARD int mainlog_clear(struct mainlog *);
/* USR2: INFO "supervisord logreopen", then the file is opened again; one that cannot be is
 * written on. */
void mainlog_reopen(struct mainlog *);

#endif
