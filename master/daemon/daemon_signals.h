/* Daemon signals: what the daemon does on TERM, INT, QUIT, HUP and USR2. */
#ifndef MASTER_DAEMON_DAEMON_SIGNALS_H
#define MASTER_DAEMON_DAEMON_SIGNALS_H

#include "common/compiler.h"
#include "master/master.h"

/* Begins to receive them and makes the reaper, once in the daemon's life and after
 * daemonizing, because a signalfd belongs to the process that made it. 0, or -1 with
 * errno. */
NODISCARD int daemon_signals_take(struct master *);

#endif
