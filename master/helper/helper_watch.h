/* Helper watch: notices a helper process that hangs. It pings the helper over its
 * connection after everything that was sent to it and while it has work under way,
 * continues it when a signal has stopped it, and reports when it must be killed. */
#ifndef MASTER_HELPER_HELPER_WATCH_H
#define MASTER_HELPER_HELPER_WATCH_H

#include "common/compiler.h"
#include "common/loglimit.h"
#include "common/loop.h"
#include "master/helper/watchdog.h"
#include "proto/peer/peer.h"

#include <sys/types.h>

struct helper_watch_ops {
	/* From the loop: the helper "does not answer", for example. The callee ends the
	 * watch. */
	void (*hangs)(void *ctx, const char *what);
	/* Everything is answered: nothing more is looked at until helper_watch_active. */
	void (*idle)(void *ctx);
};

struct helper_watch {
	const char *name;	/* of the helper; borrowed */
	const struct helper_watch_ops *ops;
	void *ctx;
	struct peer *peer;	/* NULL = no watch */
	pid_t pid;
	struct source *timer;
	struct watchdog dog;
	uint64_t sent;		/* bytes sent or queued before the latest ping or check */
	struct log_limit stops, silences, recoveries;
};

/* 0, or -1 with errno and nothing to clear. */
NODISCARD int helper_watch_init(struct helper_watch *, struct loop *, const char *name,
    const struct helper_watch_ops *, void *ctx);
void helper_watch_clear(struct helper_watch *);
/* The helper is ready. The peer is borrowed until helper_watch_end. */
void helper_watch_begin(struct helper_watch *, struct peer *, pid_t);
/* Its connection is over, or it is to end. */
void helper_watch_end(struct helper_watch *);
/* It has something to deal with. */
void helper_watch_active(struct helper_watch *);
/* The end of a loop iteration, in which something may have been sent to it. */
void helper_watch_check(struct helper_watch *);
/* A signal has stopped the process; also before it is ready. */
void helper_watch_stopped(struct helper_watch *, pid_t, int signo);

#endif
