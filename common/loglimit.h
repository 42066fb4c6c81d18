/* Log limit: logs the first line about a recurring failure at once, then at most one a
 * minute, which reports how many were suppressed. */
#ifndef COMMON_LOGLIMIT_H
#define COMMON_LOGLIMIT_H

#include "common/compiler.h"
#include "common/log.h"

#include <stdbool.h>
#include <stdint.h>

#define LOG_LIMIT_MS 60000
/* Lines logged before the limit applies, for messages that supervisord logs each time. */
#define LOG_LIMIT_FIRST 10

/* One for each object and kind of failure; begins as { 0 }. */
struct log_limit {
	int64_t next_ms;     /* monotonic; 0 = nothing logged yet */
	uint32_t suppressed; /* lines since the last one logged */
	uint32_t lines;      /* logged since the last minute without a suppressed one */
};

/* Whether a line may be logged now: the first `first` lines, then one every `ms`. If so,
 * *suppressed is the number of lines suppressed since the last one; else this line counts
 * as suppressed. For lines that log_limited cannot format. */
bool log_limit_pass(struct log_limit *, unsigned first, int64_t ms, uint64_t *suppressed);
/* Logs the message if the limit allows it, with " (N more since the last report)" at its
 * end if N lines were suppressed. Keeps errno. */
#define log_limited(limit, ...) log_limited_after(limit, 1, __VA_ARGS__)
/* The same with the first `first` lines all logged. */
void log_limited_after(struct log_limit *, unsigned first, enum log_level level,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Ends a failure: the next one is logged at once. Returns how many lines were
 * suppressed. */
uint64_t log_limit_reset(struct log_limit *);

#endif
