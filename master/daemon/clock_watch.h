/* Clock watch: notices that the wall clock was set, so that times that were noted before
 * can be corrected. Costs no wake-up as long as nobody sets the clock. */
#ifndef MASTER_DAEMON_CLOCK_WATCH_H
#define MASTER_DAEMON_CLOCK_WATCH_H

#include "common/loop.h"

#include <stdint.h>

struct clock_watch;

/* Called with how many seconds the clock was set forward (or back), never 0. */
typedef void clock_watch_fn(void *ctx, int64_t seconds);

/* New, or NULL with errno. */
struct clock_watch *clock_watch_new(struct loop *, clock_watch_fn *, void *ctx);
void clock_watch_free(struct clock_watch *);

/* The whole seconds by which the clock was set since *since_ms was the difference between
 * wall and boot clock, which is now now_ms; *since_ms follows by as much. Smaller
 * corrections add up. */
int64_t clock_watch_step(int64_t *since_ms, int64_t now_ms);

#endif
