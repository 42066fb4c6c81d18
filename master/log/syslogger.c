#include "master/log/syslogger.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/compiler.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/mem.h"
#include "common/sock.h"
#include "common/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define STAMP_MAX 32
#define TURN_MAX 64 /* messages that one turn of the loop sends out of the queue */

/* The pieces of one message. */
enum { PIECE_STAMP, PIECE_IDENT, PIECE_PREFIX, PIECE_BLANK, PIECE_LINE, PIECES };

struct syslogger {
	struct loop *loop;
	struct source *source; /* while something waits */
	char *path, *ident;    /* ident: "reeved: " */
	int fd;		       /* -1 = not connected */
	struct buf queue;      /* of messages, the length of each before it */
	struct log_limit failures; /* lines on messages that were not sent */
	uint64_t lost;		   /* of those, what is not reported yet */
	int lost_errno;
};

struct syslogger *
syslogger_new(struct loop *loop, const char *path, const char *ident)
{
	struct syslogger *logger = calloc(1, sizeof(*logger));

	if (logger == NULL)
		return NULL;
	logger->loop = loop;
	logger->fd = -1;
	buf_init(&logger->queue, SYSLOGGER_QUEUE);
	logger->path = strdup(path);
	logger->ident = mem_printf("%s: ", ident);
	if (logger->path != NULL && logger->ident != NULL)
		return logger;
	syslogger_free(logger);
	return NULL;
}

/* --- the socket ------------------------------------------------------------------ */

static void
hang_up(struct syslogger *logger)
{
	source_free(logger->source);
	logger->source = NULL;
	fd_close(logger->fd);
	logger->fd = -1;
}

/* Connected, so that the loop can tell when the receiver takes more. */
static int
dial(struct syslogger *logger)
{
	struct sockaddr_un address;

	if (sock_address_unix(&address, "%s", logger->path) == -1)
		return -1;
	logger->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (logger->fd == -1)
		return -1;
	if (connect(logger->fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	hang_up(logger);
	return -1;
}

static int
transmit_once(struct syslogger *logger, struct iovec *pieces, size_t n)
{
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = n};
	ssize_t sent;

	if (logger->fd == -1 && dial(logger) == -1)
		return -1;
	do
		sent = sendmsg(logger->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	return sent == -1 ? -1 : 0;
}

/* A receiver that was started anew has another socket under the same name. */
static int
transmit(struct syslogger *logger, struct iovec *pieces, size_t n)
{
	bool connected = logger->fd != -1;

	if (transmit_once(logger, pieces, n) == 0)
		return 0;
	if (!connected || (errno != ECONNREFUSED && errno != ECONNRESET &&
	                      errno != ENOTCONN && errno != EPIPE))
		return -1;
	hang_up(logger);
	return transmit_once(logger, pieces, n);
}

/* --- the queue ------------------------------------------------------------------- */

/* 0, or -1 with errno when the first message waits on or cannot be sent. */
static int
send_first(struct syslogger *logger)
{
	struct iovec piece;
	uint32_t len;

	memcpy(&len, buf_data(&logger->queue), sizeof(len));
	piece.iov_base = buf_data(&logger->queue) + sizeof(len);
	piece.iov_len = len;
	if (transmit(logger, &piece, 1) == -1)
		return -1;
	buf_consume(&logger->queue, sizeof(len) + len);
	return 0;
}

static bool
is_busy(int errnum)
{
	return errnum == EAGAIN || errnum == ENOBUFS;
}

static void
lose(struct syslogger *logger, uint64_t messages)
{
	logger->lost += messages;
	logger->lost_errno = errno;
}

static void
lose_queue(struct syslogger *logger)
{
	uint64_t messages = 0;
	uint32_t len;

	for (; buf_len(&logger->queue) > 0; messages++) {
		memcpy(&len, buf_data(&logger->queue), sizeof(len));
		buf_consume(&logger->queue, sizeof(len) + len);
	}
	lose(logger, messages);
}

static void on_writable(void *ctx, uint32_t ready);

static int
watch(struct syslogger *logger)
{
	if (logger->source == NULL)
		logger->source =
		    loop_fd(logger->loop, logger->fd, EPOLLOUT, on_writable, logger);
	return logger->source == NULL ? -1 : 0;
}

/* What cannot be sent at all is dropped, and the next message will say why. */
static void
on_writable(void *ctx, uint32_t ready UNUSED)
{
	struct syslogger *logger = ctx;
	bool busy = true;

	for (int i = 0; i < TURN_MAX && buf_len(&logger->queue) > 0; i++)
		if (send_first(logger) == -1) {
			busy = is_busy(errno);
			break;
		}
	if (!busy || (buf_len(&logger->queue) > 0 && watch(logger) == -1))
		lose_queue(logger);
	if (buf_len(&logger->queue) > 0)
		return;
	source_free(logger->source);
	logger->source = NULL;
}

/* 0, or -1 with errno and the message is dropped. */
static int
enqueue(struct syslogger *logger, const struct iovec *pieces)
{
	uint32_t len = 0;
	char *to;

	for (int i = 0; i < PIECES; i++)
		len += (uint32_t)pieces[i].iov_len;
	if (watch(logger) == -1 ||
	    (to = buf_reserve(&logger->queue, sizeof(len) + len)) == NULL)
		return -1;
	memcpy(to, &len, sizeof(len));
	to += sizeof(len);
	for (int i = 0; i < PIECES; i++) {
		memcpy(to, pieces[i].iov_base, pieces[i].iov_len);
		to += pieces[i].iov_len;
	}
	buf_commit(&logger->queue, sizeof(len) + len);
	return 0;
}

/* --- messages ---------------------------------------------------------------------- */

/* "<PRIORITY>Mmm dd hh:mm:ss ", as syslog(3) writes it; its length. */
static size_t
stamp(char *out)
{
	size_t n = (size_t)snprintf(out, STAMP_MAX, "<%d>", LOG_USER | LOG_INFO);

	return n + clock_local_text(out + n, STAMP_MAX - n, "%b %e %H:%M:%S ",
	    clock_wall_ms() / 1000);
}

/* What comes while others wait goes behind them. */
static int
send_message(struct syslogger *logger, struct iovec *pieces)
{
	if (buf_len(&logger->queue) == 0) {
		if (transmit(logger, pieces, PIECES) == 0)
			return 0;
		if (!is_busy(errno))
			return -1;
	}
	return enqueue(logger, pieces);
}

static struct iovec
piece(const char *bytes, size_t n)
{
	return (struct iovec){.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
}

/* How many lines follow that line end, if it is one. */
static uint64_t
lines_after(const char *end, const char *limit)
{
	uint64_t lines = 0;

	for (; end != NULL; lines++)
		end = memchr(end + 1, '\n', (size_t)(limit - (end + 1)));
	return lines;
}

int
syslogger_send(struct syslogger *logger, const char *prefix, const char *text, size_t n)
{
	struct iovec pieces[PIECES];
	char head[STAMP_MAX];
	const char *end;
	int rc;

	pieces[PIECE_STAMP] = piece(head, stamp(head));
	pieces[PIECE_IDENT] = piece(logger->ident, strlen(logger->ident));
	pieces[PIECE_PREFIX] = piece(prefix, strlen(prefix));
	pieces[PIECE_BLANK] = piece(" ", 1);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	for (;;) {
		end = n > 0 ? memchr(text, '\n', n) : NULL;
		pieces[PIECE_LINE] = piece(text, end != NULL ? (size_t)(end - text) : n);
		rc = send_message(logger, pieces);
		if (rc == -1)
			lose(logger, 1 + lines_after(end, text + n));
		if (rc == -1 || end == NULL)
			return rc;
		n -= (size_t)(end + 1 - text);
		text = end + 1;
	}
}

/* One line a minute, also when it works again. */
static void
report(struct syslogger *logger)
{
	uint64_t unused, lost = logger->lost;

	if (lost == 0 || !log_limit_pass(&logger->failures, &unused))
		return;
	/* Before the line, which may come this way itself. */
	logger->lost = 0;
	log_warn("could not send to syslog at %s: %s; messages lost: %" PRIu64,
	    logger->path, str_errno_name(logger->lost_errno), lost);
}

void
syslogger_write(struct syslogger *logger, const char *prefix, const char *text, size_t n)
{
	(void)syslogger_send(logger, prefix, text, n);
	report(logger);
}

void
syslogger_free(struct syslogger *logger)
{
	if (logger == NULL)
		return;
	while (buf_len(&logger->queue) > 0 && send_first(logger) == 0)
		continue;
	hang_up(logger);
	buf_clear(&logger->queue);
	free(logger->path);
	free(logger->ident);
	free(logger);
}
