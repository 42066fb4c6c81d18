/* Helper process: a child of the master that does part of its work with other rights. It is
 * spawned with one end of a socket pair, watched, and ended. A permanent helper, such as
 * reeve-rpcd, is spawned again whenever it ends; a one-shot helper, such as the reader of
 * the configuration, works once within a time limit. Lines that it writes to its standard
 * error go to the main log.
 *
 * The owner uses the socket. It reports the end of the connection here, and closes the
 * socket when `lost` is called. */
#ifndef MASTER_HELPER_HELPER_PROCESS_H
#define MASTER_HELPER_HELPER_PROCESS_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loop.h"
#include "master/child/reaper.h"
#include "master/helper/helper_log.h"
#include "proto/peer/peer.h"

#include <stdbool.h>
#include <sys/types.h>

struct helper_process;

/* The end of a one-shot helper. */
struct helper_end {
	int wait_status;
	const char *killed; /* why we killed it: "did not finish in time"; NULL = not */
	int errnum;         /* the error that it reported, such as ENOMEM; 0 = none */
};

/* A kind of helpers; borrowed. Callbacks that are NULL are not called. */
struct helper_kind {
	const char *name; /* in the log: "reeve-rpcd" */
	char *argument;   /* of its program, for ps(1); NULL = none */
	bool once;
	int limit_ms; /* from its spawn until it is ready; once: until its exit */
	int end_ms;   /* from the request to end until SIGKILL */
	/* Runs in a forked copy of the master instead of a program, and returns the exit
	 * status. Only descriptors 0 to 2 and the socket are open; log lines go to the main
	 * log. */
	int (*run)(void *ctx, int socket);
	/* After the spawn: takes our end of the socket pair, also on failure. 0, with *peer
	 * (the owner's) if the helper uses the wire protocol; or -1, and the helper is
	 * killed. */
	int (*connect)(void *ctx, int fd_take, struct peer **peer);
	/* Once for each connection: it is of no use any more, and the owner frees the peer.
	 * Not called for the exit of a one-shot helper, whose socket may still be read. */
	void (*lost)(void *ctx);
	/* The helper has processed everything. It is watched again after
	 * helper_process_active. */
	void (*idle)(void *ctx);
	/* A one-shot helper was reaped; its socket may still contain data. The callee may
	 * free the helper. */
	void (*ended)(void *ctx, const struct helper_end *);
	helper_log_fn *log_without_name;
};

/* New, not started; path: of the program, taken also on failure (NULL = kind->run). NULL
 * with errno. */
struct helper_process *helper_process_new(
    struct loop *, struct reaper *, const struct helper_kind *, char *path_take, void *ctx);
/* Kills a running process; calls nothing of the owner. NULL is fine. */
void helper_process_free(struct helper_process *);
/* Spawns the process. 0; or -1 with errno, which was logged: a permanent helper is then
 * retried. */
int helper_process_start(struct helper_process *);
/* The helper has reported that it is ready; from now on it is watched. False when it was
 * ready before or is not wanted any more. */
bool helper_process_ready(struct helper_process *);
/* The connection has ended; arguments as for peer_ops.closed. Kills the process, unless it
 * seems to be exiting. */
void helper_process_closed(struct helper_process *, const char *why, bool violation);
/* Kills the process. `why` is logged: "does not answer"; NULL = the caller has logged it.
 * */
void helper_process_fail(struct helper_process *, const char *why);
/* The helper has got work from others than the master. */
void helper_process_active(struct helper_process *);
/* Called at the end of each loop iteration: checks whether something was sent to it. */
void helper_process_check(struct helper_process *);
/* Another process, of another struct helper_process, is to take its place: it is not
 * spawned again. One that is ready continues, one that is not ready ends. */
void helper_process_replace(struct helper_process *);
/* The other one is ready. This one was told to exit when its work is done, and is requested
 * to end at that time (clock_mono_ms). */
void helper_process_retire(struct helper_process *, int64_t end_ms);
/* Requests the end of the process by closing the connection. done is called when none is
 * left, perhaps before it returns; a one-shot helper does not call kind->ended then. */
void helper_process_end(struct helper_process *, void (*done)(void *ctx), void *ctx);

/* It is ready and has not retired. */
bool helper_process_is_ready(const struct helper_process *);
bool helper_process_has_retired(const struct helper_process *);
pid_t helper_process_pid(const struct helper_process *); /* 0 = none */

/* The process in the state document. */
#define HELPER_FIELDS(ROW, S)								\
	ROW(S, INT, pid)	/* 0 = none */						\
	ROW(S, BOOL, ready)								\
	ROW(S, I64, retired_ms)	/* when it is requested to end; -1 = it has not retired */ \
	ROW(S, FD, log)		/* its standard error; -1 = none */			\
	ROW(S, BUF, line)	/* the beginning of its next log line */
struct helper_record FIELDS(HELPER_FIELDS);

/* Fills the record; the bytes of `line` are borrowed. */
void helper_process_record(const struct helper_process *, struct helper_record *);
/* Takes over a process that was spawned before an upgrade, and that is to be replaced, with
 * its descriptors (taken, also on failure) and line. socket: of our end of the socket pair;
 * -1 = it is not ready, and is killed. 0, or -1 with errno; then it is killed. */
NODISCARD int helper_process_adopt(
    struct helper_process *, struct helper_record *take, int socket_take);

#endif
