/* Reaper: handles SIGCHLD and makes all calls of waitpid. Children are registered by pid;
 * the end of others is logged. */
#ifndef MASTER_CHILD_REAPER_H
#define MASTER_CHILD_REAPER_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/process/waitstatus.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define REAPER_UNKNOWN WAITSTATUS_UNKNOWN

struct reaper;

typedef void reap_fn(void *ctx, pid_t pid, int wait_status);
typedef void reap_stopped_fn(void *ctx, pid_t pid, int signo);

/* New; handles SIGCHLD from now on, and reaps at most 100 children in a loop iteration.
 * NULL with errno. */
struct reaper *reaper_new(struct loop *);
void reaper_free(struct reaper *);
/* Registers a child; fn is called once, when it was reaped. 0, or -1 with ENOMEM. */
NODISCARD int reaper_watch(struct reaper *, pid_t, reap_fn *, void *ctx);
/* The same for a process that is not our child. The pidfd is borrowed. fn gets the wait
 * status if the parent reaps the process within two seconds, else REAPER_UNKNOWN. 0, or -1
 * with errno. */
NODISCARD int reaper_watch_pidfd(struct reaper *, pid_t, int pidfd, reap_fn *fn, void *ctx);
void reaper_forget(struct reaper *, pid_t);
/* Calls fn, with the ctx of reaper_watch, whenever a signal has stopped the child. */
void reaper_watch_stops(struct reaper *, pid_t, reap_stopped_fn *fn);
/* Whether the child is registered. */
bool reaper_has(const struct reaper *, pid_t);
/* The child was sent a signal that ends it: waits for it before any other. */
void reaper_expect(struct reaper *, pid_t);
/* Iterates over the registered pids, in no order. *cursor starts at 0; returns 0 at the
 * end. */
pid_t reaper_next(const struct reaper *, size_t *cursor);

#endif
