#include "common/loglimit.h"

#include "common/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_BYTES 2048 /* a longer message is cut */

/* After a period with suppressed lines the next period has one line, not `first`. */
bool
log_limit_pass(struct log_limit *limit, unsigned first, int64_t ms, uint64_t *suppressed)
{
	int64_t now = clock_mono_ms();
	bool over = limit->next_ms == 0 || now >= limit->next_ms;

	if (!over && limit->lines >= first) {
		limit->suppressed++;
		return false;
	}
	if (over) {
		limit->next_ms = now + ms;
		limit->lines = limit->suppressed > 0 ? first : 1;
	} else {
		limit->lines++;
	}
	*suppressed = limit->suppressed;
	limit->suppressed = 0;
	return true;
}

void
log_limited_after(
    struct log_limit *limit, unsigned first, enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	int saved = errno;
	uint64_t suppressed;
	va_list ap;

	if (log_limit_pass(limit, first, LOG_LIMIT_MS, &suppressed)) {
		errno = saved;
		va_start(ap, fmt);
		vsnprintf(line, sizeof(line), fmt, ap);
		va_end(ap);
		if (suppressed == 0)
			log_at(level, "%s", line);
		else
			log_at(level, "%s (%" PRIu64 " more since the last report)", line,
			    suppressed);
	}
	errno = saved;
}

uint64_t
log_limit_reset(struct log_limit *limit)
{
	uint64_t suppressed = limit->suppressed;

	*limit = (struct log_limit){ 0 };
	return suppressed;
}
