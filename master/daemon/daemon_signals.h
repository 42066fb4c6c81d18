/* Daemon signals: what the daemon does on TERM, INT, QUIT, HUP and USR2. */
#ifndef MASTER_DAEMON_DAEMON_SIGNALS_H
#define MASTER_DAEMON_DAEMON_SIGNALS_H

#include "common/compiler.h"
#include "master/master.h"

/* Begins to receive signals and creates the reaper, in the first run. Called after
 * daemonizing, because a signalfd belongs to the process that created it. 0, or -1 with
 * errno. */
NODISCARD int daemon_signals_receive(struct master *);

#endif
