#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/uio.h>
#include <unistd.h>

#define LOG_STACK 1024 /* a message that fits costs no allocation */
#define LOG_MAX 65536  /* a longer one is cut */

static const struct {
	enum log_level level;
	const char *tag;
	const char *word;
} levels[] = {
	{ LEVEL_CRITICAL, "CRIT", "critical" },
	{ LEVEL_ERROR, "ERRO", "error" },
	{ LEVEL_WARN, "WARN", "warn" },
	{ LEVEL_INFO, "INFO", "info" },
	{ LEVEL_DEBUG, "DEBG", "debug" },
	{ LEVEL_TRACE, "TRAC", "trace" },
	{ LEVEL_BLATHER, "BLAT", "blather" },
};

/* Writes a line by one writev, so that lines of several processes do not mix. Control bytes
 * become '?', so that each message is one line. */
static void
log_to_stderr(void *ctx UNUSED, enum log_level level, const char *text, size_t len)
{
	char line[LOG_STACK];
	const char *tag = log_level_tag(level);
	struct iovec part[4] = {
		{ (void *)(uintptr_t)tag, strlen(tag) }, { (void *)(uintptr_t)" ", 1 },
		{ line, 0 }, { (void *)(uintptr_t)"\n", 1 },
	};

	if (len > sizeof(line))
		len = sizeof(line);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		line[i] = (c < 0x20 && c != '\t') || c == 0x7f ? '?' : text[i];
	}
	part[2].iov_len = len;
	if (writev(STDERR_FILENO, part, 4) == -1)
		return;
}

static struct {
	log_sink *sink;
	void *ctx;
	enum log_level level;
} out = { log_to_stderr, NULL, LEVEL_INFO };

void
log_init(log_sink *sink, void *ctx, enum log_level level)
{
	out.sink = sink != NULL ? sink : log_to_stderr;
	out.ctx = ctx;
	out.level = level;
}

enum log_level
log_threshold(void)
{
	return out.level;
}

bool
log_wants(enum log_level level)
{
	return level >= out.level;
}

void
log_bytes(enum log_level level, const char *text, size_t len)
{
	int saved = errno;

	if (log_wants(level))
		out.sink(out.ctx, level, text, len);
	errno = saved;
}

/* Formats a message that is too long for the stack on the heap. If memory runs out, only
 * its beginning is logged. */
static void PRINTF_LIKE(2, 0)
log_format(enum log_level level, const char *fmt, va_list ap)
{
	char small[LOG_STACK], *big = NULL, *text = small;
	int saved = errno, n;
	va_list again;
	size_t len;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	len = n > 0 ? (size_t)n : 0;
	if (len >= LOG_MAX)
		len = LOG_MAX - 1;
	if (len >= sizeof(small)) {
		big = malloc(len + 1);
		errno = saved;
		if (big != NULL && vsnprintf(big, len + 1, fmt, again) >= 0)
			text = big;
		else
			len = sizeof(small) - 1;
	}
	va_end(again);
	log_bytes(level, text, len);
	free(big);
	errno = saved;
}

void
log_at(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	log_format(level, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_format(LEVEL_CRITICAL, fmt, ap);
	va_end(ap);
	exit(1);
}

const char *
log_level_tag(enum log_level level)
{
	for (size_t i = 0; i < nitems(levels); i++)
		if (levels[i].level == level)
			return levels[i].tag;
	return "????";
}

int
log_level_parse(const char *word)
{
	for (size_t i = 0; i < nitems(levels); i++)
		if (strcasecmp(levels[i].word, word) == 0)
			return (int)levels[i].level;
	return -1;
}

const char *
log_level_word(enum log_level level)
{
	for (size_t i = 0; i < nitems(levels); i++)
		if (levels[i].level == level)
			return levels[i].word;
	return NULL;
}
