/* Clock: the one place that asks the time, so that tests can answer. Decisions
 * use the monotonic clock; wall time is only ever shown. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include "common/compiler.h"

#include <stddef.h>
#include <stdint.h>

int64_t clock_mono_ms(void); /* milliseconds since some start */
int64_t clock_wall_ms(void); /* milliseconds since the epoch */
/* A time in epoch seconds as strftime writes it; the length, or 0 and "" when it has no
 * year or does not fit. */
size_t clock_local_text(char *out, size_t size, const char *fmt, int64_t seconds)
    STRFTIME_LIKE(3);
size_t clock_utc_text(char *out, size_t size, const char *fmt, int64_t seconds)
    STRFTIME_LIKE(3);
/* Tests: both clocks stand still at these values until called with (-1, -1). */
void clock_freeze(int64_t mono_ms, int64_t wall_ms);

#endif
