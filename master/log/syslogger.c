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
#include <unistd.h>

#define STAMP_MAX 32
#define TURN_MAX 64 /* queued messages that are sent in one turn of the loop */

/* The parts of a message. */
enum { PIECE_STAMP, PIECE_IDENT, PIECE_PREFIX, PIECE_BLANK, PIECE_LINE, PIECES };

struct syslogger {
	struct loop *loop;
	struct source *source;     /* while the queue is not empty */
	char *path, *ident;        /* ident: "reeved: " */
	int fd;                    /* -1 = not connected */
	struct buf queue;          /* of messages, each after its length */
	struct log_limit failures; /* log lines about lost messages */
	uint64_t lost;             /* messages, not reported yet */
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
syslogger_disconnect(struct syslogger *logger)
{
	source_free(logger->source);
	logger->source = NULL;
	fd_close(logger->fd);
	logger->fd = -1;
}

/* A connected socket is writable only while the receiver accepts messages. */
static int
syslogger_connect(struct syslogger *logger)
{
	struct sockaddr_un address;

	if (sock_address_unix(&address, "%s", logger->path) == -1)
		return -1;
	logger->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (logger->fd == -1)
		return -1;
	if (connect(logger->fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	syslogger_disconnect(logger);
	return -1;
}

/* Sends one message. Reconnects once, because a restarted receiver has another socket at
 * the same path. 0, or -1 with errno. */
static int
syslogger_transmit(struct syslogger *logger, struct iovec *pieces, size_t n)
{
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = n };
	bool again = logger->fd != -1;
	ssize_t sent;

	for (;; again = false) {
		if (logger->fd == -1 && syslogger_connect(logger) == -1)
			return -1;
		do
			sent = sendmsg(logger->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
		while (sent == -1 && errno == EINTR);
		if (sent != -1)
			return 0;
		if (!again ||
		    (errno != ECONNREFUSED && errno != ECONNRESET && errno != ENOTCONN &&
			errno != EPIPE))
			return -1;
		syslogger_disconnect(logger);
	}
}

/* --- the queue ------------------------------------------------------------------- */

/* The length of the first message. */
static uint32_t
syslogger_first(const struct syslogger *logger)
{
	uint32_t len;

	memcpy(&len, buf_data(&logger->queue), sizeof(len));
	return len;
}

/* 0; or -1 with errno, and the first message is still queued. */
static int
syslogger_send_first(struct syslogger *logger)
{
	uint32_t len = syslogger_first(logger);
	struct iovec piece = { buf_data(&logger->queue) + sizeof(len), len };

	if (syslogger_transmit(logger, &piece, 1) == -1)
		return -1;
	buf_consume(&logger->queue, sizeof(len) + len);
	return 0;
}

static bool
syslogger_is_busy(int errnum)
{
	return errnum == EAGAIN || errnum == ENOBUFS;
}

static void
syslogger_lose(struct syslogger *logger, uint64_t messages)
{
	logger->lost += messages;
	logger->lost_errno = errno;
}

static void syslogger_writable(void *ctx, uint32_t ready);

static int
syslogger_watch(struct syslogger *logger)
{
	if (logger->source == NULL)
		logger->source =
		    loop_fd(logger->loop, logger->fd, EPOLLOUT, syslogger_writable, logger);
	return logger->source == NULL ? -1 : 0;
}

/* If the receiver is not just busy, drops the queue; the next message reports why. */
static void
syslogger_writable(void *ctx, uint32_t ready UNUSED)
{
	struct syslogger *logger = ctx;
	bool busy = true;
	uint64_t messages = 0;

	for (int i = 0; i < TURN_MAX && buf_len(&logger->queue) > 0; i++)
		if (syslogger_send_first(logger) == -1) {
			busy = syslogger_is_busy(errno);
			break;
		}
	if (buf_len(&logger->queue) > 0 && busy && syslogger_watch(logger) == 0)
		return;
	for (; buf_len(&logger->queue) > 0; messages++)
		buf_consume(&logger->queue, sizeof(uint32_t) + syslogger_first(logger));
	if (messages > 0)
		syslogger_lose(logger, messages);
	source_free(logger->source);
	logger->source = NULL;
}

/* 0; or -1 with errno, and the message is dropped. */
static int
syslogger_enqueue(struct syslogger *logger, const struct iovec *pieces)
{
	uint32_t len = 0;
	char *to;

	for (int i = 0; i < PIECES; i++)
		len += (uint32_t)pieces[i].iov_len;
	if (syslogger_watch(logger) == -1 ||
	    (to = buf_reserve(&logger->queue, sizeof(len) + len)) == NULL)
		return -1;
	memcpy(to, &len, sizeof(len));
	to += sizeof(len);
	for (int i = 0; i < PIECES; i++)
		to = mempcpy(to, pieces[i].iov_base, pieces[i].iov_len);
	buf_commit(&logger->queue, sizeof(len) + len);
	return 0;
}

/* --- messages ---------------------------------------------------------------------- */

/* While others are queued, a message is queued after them. */
static int
syslogger_send_message(struct syslogger *logger, struct iovec *pieces)
{
	if (buf_len(&logger->queue) == 0) {
		if (syslogger_transmit(logger, pieces, PIECES) == 0)
			return 0;
		if (!syslogger_is_busy(errno))
			return -1;
	}
	return syslogger_enqueue(logger, pieces);
}

static struct iovec
syslogger_piece(const char *bytes, size_t n)
{
	return (struct iovec){ .iov_base = (void *)(uintptr_t)bytes, .iov_len = n };
}

int
syslogger_send(struct syslogger *logger, const char *prefix, const char *text, size_t n)
{
	const char *limit, *end;
	struct iovec pieces[PIECES];
	char head[STAMP_MAX];
	uint64_t lost = 0;
	size_t len;

	/* "<PRIORITY>Mmm dd hh:mm:ss ", as syslog(3) writes it. */
	len = (size_t)snprintf(head, sizeof(head), "<%d>", LOG_USER | LOG_INFO);
	len += clock_local_text(
	    head + len, sizeof(head) - len, "%b %e %H:%M:%S ", clock_wall_ms() / 1000);
	pieces[PIECE_STAMP] = syslogger_piece(head, len);
	pieces[PIECE_IDENT] = syslogger_piece(logger->ident, strlen(logger->ident));
	pieces[PIECE_PREFIX] = syslogger_piece(prefix, strlen(prefix));
	pieces[PIECE_BLANK] = syslogger_piece(" ", 1);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	limit = text + n;
	for (;; text = end + 1) {
		end = text < limit ? memchr(text, '\n', (size_t)(limit - text)) : NULL;
		pieces[PIECE_LINE] =
		    syslogger_piece(text, (size_t)((end != NULL ? end : limit) - text));
		/* After a failure, the other lines are only counted. */
		if (lost > 0 || syslogger_send_message(logger, pieces) == -1)
			lost++;
		if (end == NULL)
			break;
	}
	if (lost == 0)
		return 0;
	syslogger_lose(logger, lost);
	return -1;
}

void
syslogger_write(struct syslogger *logger, const char *prefix, const char *text, size_t n)
{
	uint64_t unused, lost;

	(void)syslogger_send(logger, prefix, text, n);
	lost = logger->lost;
	if (lost == 0 || !log_limit_pass(&logger->failures, 1, LOG_LIMIT_MS, &unused))
		return;
	/* Before log_warn, which may call this function again. */
	logger->lost = 0;
	log_warn("could not send to syslog at %s: %s; messages lost: %" PRIu64,
	    logger->path, str_errno_name(logger->lost_errno), lost);
}

void
syslogger_free(struct syslogger *logger)
{
	if (logger == NULL)
		return;
	while (buf_len(&logger->queue) > 0 && syslogger_send_first(logger) == 0)
		continue;
	syslogger_disconnect(logger);
	buf_clear(&logger->queue);
	free(logger->path);
	free(logger->ident);
	free(logger);
}
