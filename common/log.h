/* Log: levels and one sink: the main log in the master, stderr in the other programs. */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>

/* Numbers and four-letter names are supervisord's. */
enum log_level {
	LEVEL_BLATHER = 3,
	LEVEL_TRACE = 5,
	LEVEL_DEBUG = 10,
	LEVEL_INFO = 20,
	LEVEL_WARN = 30,
	LEVEL_ERROR = 40,
	LEVEL_CRITICAL = 50,
};

/* Receives one message, not terminated by a NUL or a newline. Must not log. */
typedef void log_sink(void *ctx, enum log_level level, const char *text, size_t len);

/* Sends all messages of `level` and above to the sink; NULL restores stderr. */
void log_init(log_sink *sink, void *ctx, enum log_level level);
enum log_level log_threshold(void);
/* True when a message of this level would be delivered. */
bool log_wants(enum log_level level);

void log_at(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define log_critical(...) log_at(LEVEL_CRITICAL, __VA_ARGS__)
#define log_error(...) log_at(LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_at(LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_at(LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LEVEL_DEBUG, __VA_ARGS__)
#define log_trace(...) log_at(LEVEL_TRACE, __VA_ARGS__)
/* Logs bytes as they are: a child's output, which may contain NULs. */
void log_bytes(enum log_level level, const char *text, size_t len);
/* Logs at CRITICAL and exits 1; for start-up, and in reeve-rpcd and reevectl also for
 * failures that cannot be handled. */
NORETURN void fatal(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* "CRIT", "ERRO", "WARN", "INFO", "DEBG", "TRAC", "BLAT". */
const char *log_level_tag(enum log_level level);
/* Configuration word ("critical" … "blather", any case) → level, or -1. */
int log_level_parse(const char *word);
/* Level → configuration word. */
const char *log_level_word(enum log_level level);

#endif
