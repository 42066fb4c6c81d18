/* Clock: all readings of the time, so that tests can replace it. Decisions use the
 * monotonic clock; wall time is only displayed. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include "common/compiler.h"

#include <stddef.h>
#include <stdint.h>

int64_t clock_mono_ms(void); /* milliseconds since an arbitrary point */
int64_t clock_mono_us(void); /* microseconds since the same point */
int64_t clock_boot_ms(void); /* the monotonic clock with the time of suspends */
int64_t clock_wall_ms(void); /* milliseconds since the epoch */
int64_t clock_wall_us(void); /* microseconds since the epoch */
/* Since the boot of the machine, in the unit of /proc/PID/stat; not replaced by tests. */
int64_t clock_boot_ticks(void);
/* Formats epoch seconds with strftime. Returns the length, or 0 with "" when the year is
 * out of range or the text does not fit. */
size_t clock_local_text(char *out, size_t size, const char *fmt, int64_t seconds)
    STRFTIME_LIKE(3);
size_t clock_utc_text(char *out, size_t size, const char *fmt, int64_t seconds)
    STRFTIME_LIKE(3);
/* For tests only: stops both clocks at these values; (-1, -1) lets them run again. */
void clock_freeze(int64_t mono_ms, int64_t wall_ms);

#endif
