/* Tick: TICK_5, TICK_60 and TICK_3600, at the beginning of each slice of 5, 60 or 3600
 * seconds of wall-clock time. A type that no pool wants causes no wake-up. */
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
/* Sets the types that are wanted, a bit for each. The first tick of a new type comes with
 * its next slice. */
void ticks_want(struct ticks *, uint32_t types);
/* For the tests: calls tick_fn for each slice that has begun at this wall-clock time (ms).
 * Returns the ms until the next slice, or -1 when no type is wanted. */
int64_t ticks_check(struct ticks *, int64_t wall_ms);

#endif
