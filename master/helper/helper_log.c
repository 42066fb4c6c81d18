#include "master/helper/helper_log.h"

#include "common/clock.h"
#include "common/log.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LINE_BYTES 1000 /* a longer line is truncated */
#define LINES_A_SECOND 100
#define READ_BYTES 4096
#define DRAIN_READS 16 /* after its end: as many as a full pipe needs */

/* The line is "WARN text": the helper chooses the level, but not the name. */
static void
helper_log_write(const struct helper_log *log, char *line, size_t n)
{
	static const enum log_level levels[] = {
	    LEVEL_CRITICAL, LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG, LEVEL_TRACE};
	enum log_level level = LEVEL_WARN;
	bool unnamed;

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	for (size_t i = 0; i < nitems(levels); i++)
		if (n > 5 && memcmp(line, log_level_tag(levels[i]), 4) == 0 &&
		    line[4] == ' ') {
			level = levels[i];
			line += 5;
			n -= 5;
			break;
		}
	unnamed = log->without_name != NULL && log->without_name(level, line, n);
	log_at(level, "%s%s%.*s", unnamed ? "" : log->name, unnamed ? "" : ": ",
	    (int)(n < LINE_BYTES ? n : LINE_BYTES), line);
}

/* Limits the rate: a compromised helper must not be able to fill the main log, so that
 * rotation removes older lines. */
static void
helper_log_line(struct helper_log *log, char *line, size_t n)
{
	int64_t now = clock_mono_ms();
	uint64_t unused;

	if (now >= log->window_ms + 1000) {
		log->window_ms = now;
		log->lines = 0;
	}
	if (++log->lines > LINES_A_SECOND) {
		log->dropped++;
		return;
	}
	if (log->dropped > 0 && log_limit_pass(&log->drops, 1, LOG_LIMIT_MS, &unused)) {
		log_warn("%s: dropped %u log lines: it wrote more than %d in a second",
		    log->name, log->dropped, LINES_A_SECOND);
		log->dropped = 0;
	}
	helper_log_write(log, line, n);
}

/* One read. False when there is nothing more to read. */
static bool
helper_log_read(struct helper_log *log)
{
	struct buf *buf = &log->line;
	char *space = buf_reserve(buf, READ_BYTES), *newline;
	ssize_t n = space == NULL ? -1 : read(log->fd, space, READ_BYTES);

	if (n <= 0)
		return false;
	buf_commit(buf, (size_t)n);
	while ((newline = memchr(buf_data(buf), '\n', buf_len(buf))) != NULL) {
		size_t length = (size_t)(newline - buf_data(buf));

		helper_log_line(log, buf_data(buf), length);
		buf_consume(buf, length + 1);
	}
	if (buf_len(buf) > LINE_BYTES) {
		helper_log_line(log, buf_data(buf), buf_len(buf));
		buf_consume(buf, buf_len(buf));
	}
	return true;
}

static void
helper_log_readable(void *ctx, uint32_t ready)
{
	struct helper_log *log = ctx;

	if (helper_log_read(log) || !(ready & (EPOLLHUP | EPOLLERR)))
		return;
	/* The loop would report the hang-up until the helper is reaped. */
	source_free(log->source);
	log->source = NULL;
}

void
helper_log_close(struct helper_log *log)
{
	if (log->fd == -1)
		return;
	for (int i = 0; i < DRAIN_READS && helper_log_read(log); i++)
		;
	if (buf_len(&log->line) > 0)
		helper_log_line(log, buf_data(&log->line), buf_len(&log->line));
	source_free(log->source);
	close(log->fd);
	log->source = NULL;
	log->fd = -1;
	buf_clear(&log->line);
}

void
helper_log_init(struct helper_log *log, const char *name, helper_log_fn *without_name)
{
	*log = (struct helper_log){
		.name = name, .without_name = without_name, .fd = -1, .window_ms = -1000
	};
	buf_init(&log->line, 64 * 1024);
}

int
helper_log_open(struct helper_log *log, struct loop *loop, int fd)
{
	log->fd = fd;
	log->source = loop_fd(loop, fd, EPOLLIN, helper_log_readable, log);
	return log->source == NULL ? -1 : 0;
}
