/* Lastlog: the main log outside a run: the one line of a daemon that may not start, and the
 * log of the run before while a restart has none yet. */
#ifndef MASTER_DAEMON_LASTLOG_H
#define MASTER_DAEMON_LASTLOG_H

#include "master/master.h"

/* The end of a run: its log stays open, so that a failure of the next one is logged. */
void lastlog_keep(struct master *);
/* The next run has its log: closes the one that was kept. */
void lastlog_forget(struct master *);
/* The same where none follows: nothing is logged any more. */
void lastlog_end(struct master *);

/* At the first start: this daemon must not run, because of what `error` says. The log may
 * be that of a daemon that runs: it gets one line, and is not rotated. */
void lastlog_refused(const struct master *, const char *error);
/* A daemon that had a log cannot go on and ends: to the main log and to syslog, because
 * nobody sees its standard error. */
void lastlog_failed(const struct master *, const char *error);

#endif
