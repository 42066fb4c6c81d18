/* Reaper: SIGCHLD and the only waitpid. Children register by pid; others are logged. */
#ifndef MASTER_CHILD_REAPER_H
#define MASTER_CHILD_REAPER_H

#include "common/compiler.h"
#include "common/loop.h"

#include <stddef.h>
#include <sys/types.h>

struct reaper;

typedef void reap_fn(void *ctx, pid_t pid, int wait_status);
typedef void reap_stopped_fn(void *ctx, pid_t pid, int signo);

/* New; receives SIGCHLD, and reaps at most 100 children in a loop iteration. NULL with
 * errno. */
struct reaper *reaper_new(struct loop *);
void reaper_free(struct reaper *);
/* Calls fn once when the pid is reaped, then forgets it. 0 or -1 with ENOMEM. */
NODISCARD int reaper_watch(struct reaper *, pid_t, reap_fn *, void *ctx);
void reaper_forget(struct reaper *, pid_t);
/* Calls fn, with the ctx of reaper_watch, each time a signal has stopped the watched child.
 */
void reaper_watch_stops(struct reaper *, pid_t, reap_stopped_fn *fn);
/* The child was signalled to end: it is looked for before all others. */
void reaper_expect(struct reaper *, pid_t);
/* Walks the watched pids, in no order: *cursor starts at 0; 0 at the end. */
pid_t reaper_next(const struct reaper *, size_t *cursor);

#endif
