/* Lastlog: the main log outside a run: one line for a start that is refused, and the log of
 * the previous run until a restart has opened its own. */
#ifndef MASTER_DAEMON_LASTLOG_H
#define MASTER_DAEMON_LASTLOG_H

#include "master/master.h"

/* Ends a run, but keeps its log open, so that a failure of the next run is logged. */
void lastlog_keep(struct master *);
/* The next run has opened its log: closes the one that was kept. */
void lastlog_forget(struct master *);

/* The first start is refused because of `error`. Writes one line without rotating the log,
 * which may belong to a daemon that runs. */
void lastlog_refused(const struct master *, const char *error);
/* A daemon that has had a log ends because of `error` (NULL = out of memory). Logs that to
 * the main log and to syslog, because nobody sees its standard error. */
void lastlog_failed(const struct master *, const char *error);

#endif
