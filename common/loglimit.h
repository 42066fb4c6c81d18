/* Log limit: the first line about a recurring failure is logged at once, the others are
 * counted and reported in the next line, at most one a minute. */
#ifndef COMMON_LOGLIMIT_H
#define COMMON_LOGLIMIT_H

#include "common/compiler.h"
#include "common/log.h"

#include <stdbool.h>
#include <stdint.h>

#define LOG_LIMIT_MS 60000
/* Lines of a kind that supervisord prints, before the limit. */
#define LOG_LIMIT_FIRST 10

/* One for each object and kind of failure; all zero is a new one. */
struct log_limit {
	int64_t next_ms; /* monotonic; 0 = nothing logged yet */
	uint32_t held;   /* lines not logged since the last one */
	uint32_t lines;  /* logged since a minute without any held */
};

/* True when a line may be logged now; *held is how many were not since the last one.
 * Otherwise counts this one. `first` lines pass before the limit of one in `ms`. For a line
 * that log_limited cannot format. */
bool log_limit_pass(struct log_limit *, unsigned first, int64_t ms, uint64_t *held);
/* Logs the message when a line may be logged, followed by " (N more since the last report)"
 * when N are counted. Keeps errno. */
#define log_limited(limit, ...) log_limited_after(limit, 1, __VA_ARGS__)
/* The same, but the first lines are all logged: for those that supervisord prints each
 * time. */
void log_limited_after(struct log_limit *, unsigned first, enum log_level level,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The failure is over: returns how many lines were not logged, and the next failure is
 * logged at once. */
uint64_t log_limit_reset(struct log_limit *);

#endif
