#include "master/helper/helper_log.h"

#include "common/clock.h"
#include "common/log.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LINE_BYTES 1000		/* of a line; what is longer is cut */
#define LINES_A_SECOND 100
#define DRAIN_READS 16		/* after its end: as much as its pipe holds */

/* supervisord's own lines, which the master never writes: at level trace and on what is no
 * call. All others say whose they are: the front end cannot speak for the master. */
static bool
is_unsigned(enum log_level level, const char *text, size_t n)
{
	static const char own[] = "XML-RPC request data ";

	return level == LEVEL_TRACE ||
	    (n >= sizeof(own) - 1 && memcmp(text, own, sizeof(own) - 1) == 0);
}

/* "WARN text": the front end may choose the level, never the look of the line. */
static void
log_one(char *line, size_t n)
{
	static const enum log_level levels[] = {
	    LEVEL_CRITICAL, LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG, LEVEL_TRACE};
	enum log_level level = LEVEL_WARN;

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
	log_at(level, "%s%.*s", is_unsigned(level, line, n) ? "" : "reeve-rpcd: ",
	    (int)(n < LINE_BYTES ? n : LINE_BYTES), line);
}

/* The front end may be in somebody else's hands: it cannot turn the log over in a moment.
 */
static void
log_some(struct helper_log *log, char *line, size_t n)
{
	int64_t now = clock_mono_ms();
	uint64_t held;

	if (now >= log->window_ms + 1000) {
		log->window_ms = now;
		log->lines = 0;
	}
	if (++log->lines > LINES_A_SECOND) {
		log->dropped++;
		return;
	}
	if (log->dropped > 0 && log_limit_pass(&log->drops, &held)) {
		log_warn("reeve-rpcd: %u lines were dropped", log->dropped);
		log->dropped = 0;
	}
	log_one(line, n);
}

static void
log_lines(struct helper_log *log)
{
	struct buf *buf = &log->line;
	char *newline;

	while ((newline = memchr(buf_data(buf), '\n', buf_len(buf))) != NULL) {
		size_t n = (size_t)(newline - buf_data(buf));

		log_some(log, buf_data(buf), n);
		buf_consume(buf, n + 1);
	}
	if (buf_len(buf) > LINE_BYTES) {
		log_some(log, buf_data(buf), buf_len(buf));
		buf_consume(buf, buf_len(buf));
	}
}

/* False at the end of what there is to read. */
static bool
read_log(struct helper_log *log)
{
	char *space = buf_reserve(&log->line, 4096);
	ssize_t n;

	if (space == NULL)
		return false;
	n = read(log->fd, space, 4096);
	if (n <= 0)
		return false;
	buf_commit(&log->line, (size_t)n);
	log_lines(log);
	return true;
}

static void
log_readable(void *ctx, uint32_t ready)
{
	struct helper_log *log = ctx;

	if (read_log(log) || !(ready & (EPOLLHUP | EPOLLERR)))
		return;
	/* Closed by its writer, who is about to be reaped: a hang-up would be told for
	 * ever. */
	source_free(log->source);
	log->source = NULL;
}

void
helper_log_close(struct helper_log *log)
{
	if (log->fd == -1)
		return;
	for (int i = 0; i < DRAIN_READS && read_log(log); i++)
		;
	if (buf_len(&log->line) > 0)
		log_some(log, buf_data(&log->line), buf_len(&log->line));
	source_free(log->source);
	close(log->fd);
	log->source = NULL;
	log->fd = -1;
	buf_clear(&log->line);
}

void
helper_log_init(struct helper_log *log)
{
	*log = (struct helper_log){.fd = -1, .window_ms = -1000};
	buf_init(&log->line, 64 * 1024);
}

int
helper_log_open(struct helper_log *log, struct loop *loop, int fd)
{
	log->fd = fd;
	log->source = loop_fd(loop, fd, EPOLLIN, log_readable, log);
	return log->source == NULL ? -1 : 0;
}
