/* Helper process: a child of the master that does a part of its work with its own rights:
 * it is spawned with one end of a socket pair, watched, and ended. A permanent helper, such
 * as reeve-rpcd, is spawned again whenever it ends; a one-shot helper, such as the reader
 * of the configuration, works once within a time limit. Its standard error goes to the main
 * log under its name.
 *
 * The owner uses the socket as it likes; it passes on that its connection has ended, and
 * closes it when `lost` is called. */
#ifndef MASTER_HELPER_HELPER_PROCESS_H
#define MASTER_HELPER_HELPER_PROCESS_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/child/reaper.h"
#include "master/helper/helper_log.h"
#include "proto/peer/peer.h"

#include <stdbool.h>
#include <sys/types.h>

struct helper_process;

/* How a one-shot helper ended. */
struct helper_end {
	int wait_status;
	const char *killed; /* NULL, or why: "did not finish in time" */
};

/* A kind of helpers; borrowed. Callbacks that are NULL are not called. */
struct helper_kind {
	const char *name; /* in the log: "reeve-rpcd" */
	bool once;
	int limit_ms; /* from its spawn until it is ready; once: until its exit */
	int end_ms;   /* from the request to end until SIGKILL */
	/* Runs in a fork instead of a program: confines itself, works, and returns the exit
	 * status. All descriptors but 0 to 2 and the socket are closed; the log goes to our
	 * main log; everything else is a copy of the master's memory at the fork. */
	int (*run)(void *ctx, int socket);
	/* Spawned: takes our end of the socket pair. New peer, the owner's; NULL kills the
	 * helper. */
	struct peer *(*connect)(void *ctx, int fd_take);
	/* The same for a one-shot helper that does not speak the wire protocol, instead of
	 * connect. 0; or -1 and the helper is killed, but the descriptor is taken. */
	int (*attach)(void *ctx, int fd_take);
	/* Once for each connection: it is of no more use, and the owner frees the peer. The
	 * exit of a one-shot helper calls `ended` alone, whose callee may still read. */
	void (*lost)(void *ctx);
	/* Everything that the helper was sent is dealt with: helper_process_active begins
	 * to watch it again. */
	void (*idle)(void *ctx);
	/* A one-shot helper was reaped; what it wrote into the socket may still be unread.
	 * The callee may free the helper. */
	void (*ended)(void *ctx, const struct helper_end *);
	helper_log_fn *log_is_unsigned;
};

/* New, not started; path: of the program, taken also on failure (NULL: kind->run). NULL
 * with errno. */
struct helper_process *helper_process_new(
    struct loop *, struct reaper *, const struct helper_kind *, char *path_take, void *ctx);
/* Kills the process that still runs, without a call of the owner. NULL is fine. */
void helper_process_free(struct helper_process *);
/* Spawns the process. 0; or -1 with errno, after a line in the log: a permanent helper is
 * then tried again by itself, a one-shot one is not. */
int helper_process_start(struct helper_process *);
/* The helper reports that it is ready: from now on it is watched. False when it was before,
 * or is no longer wanted. */
bool helper_process_ready(struct helper_process *);
/* Its connection has ended; arguments as those of peer_ops.closed. The process is killed,
 * unless it seems to be exiting by itself. */
void helper_process_closed(struct helper_process *, const char *why, bool violation);
/* Kills it; `why` is logged: "does not answer". NULL: the caller has logged it. */
void helper_process_fail(struct helper_process *, const char *why);
/* It has work under way, from others than the master. */
void helper_process_active(struct helper_process *);
/* End of a loop iteration: notes whether something was sent to it. */
void helper_process_check(struct helper_process *);
/* Asks it to end by the end of the connection; another one is spawned when it has. */
void helper_process_renew(struct helper_process *);
/* The same for ever: done is called, perhaps at once, when no process is left; a one-shot
 * helper does not call kind->ended then. */
void helper_process_end(struct helper_process *, void (*done)(void *ctx), void *ctx);

bool helper_process_is_ready(const struct helper_process *);
pid_t helper_process_pid(const struct helper_process *); /* 0 = none */

#endif
