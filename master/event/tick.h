/* Tick: TICK_5, TICK_60 and TICK_3600, at each beginning of their slices of wall time, with
 * no wake-up for what no pool wants. */
#ifndef MASTER_EVENT_TICK_H
#define MASTER_EVENT_TICK_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/config/event_type.h"

#include <stdint.h>

struct ticks;

/* when: the beginning of the slice, epoch seconds. */
typedef void tick_fn(void *ctx, enum event_type, int64_t when);

struct ticks *ticks_new(struct loop *, tick_fn *, void *ctx); /* NULL with errno */
void ticks_free(struct ticks *);                              /* NULL is fine */
/* Which TICK types are wanted from now on, a bit for each; a new one begins with the slice
 * that is. */
void ticks_want(struct ticks *, uint32_t types);
/* For its test: calls for the slices that begin at this wall time (ms); how many ms it is
 * to the next, or -1. */
int64_t ticks_look(struct ticks *, int64_t wall_ms);

#endif
