#include "ctl/commands/tail_stream.h"

#include "common/mem.h"
#include "ctl/terminal/interrupt.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"
#include "ctl/daemon/control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS 100 /* between two reads of a file */
#define OTHERS 4    /* polled descriptors that precede those of the logs */

enum outcome { GO_ON, STOP, INTERRUPTED };

struct tailed {
	struct log_stream *log;
	char *prefix; /* of each line, or NULL; owned */
};

struct tail_stream {
	struct session *session;
	struct tailed *logs; /* owned */
	size_t count;
	const char *open; /* the prefix of the unfinished line, or NULL */
	struct interrupt interrupt;
	bool log_ended; /* or cannot be read: the daemon may be gone */
};

struct tail_stream *
tail_stream_begin(struct session *s)
{
	struct tail_stream *t = xcalloc(1, sizeof(*t));

	t->session = s;
	/* Before the line is printed that announces Ctrl-C. */
	interrupt_begin(&t->interrupt);
	fputs("==> Press Ctrl-C to exit <==\n", s->out);
	fflush(s->out);
	return t;
}

/* Prints on stderr why a log cannot be read; over HTTP with supervisorctl's text. */
static void
tail_stream_report(
    struct session *s, const struct log_request *log, int rc, const struct reply *r)
{
	const char *url = server_url(s->server), *why = NULL;
	const char *words = show_log_fault(r->fault, log->name != NULL);
	char *meaning = rc == 0 ? reply_meaning(r->fault, r->text) : NULL;
	char *path = log->name == NULL ?
	    xstrdup("/mainlogtail") :
	    xasprintf("/logtail/%s/%s", log->name, log->stream);

	fflush(s->out);
	if (rc == -1)
		(void)server_lost(s->server, &why);
	if (why != NULL)
		fprintf(stderr, "%s%s Cannot connect, error: %s\n", url, path, why);
	else if (server_control(s->server) != NULL)
		fprintf(stderr, "%s: ERROR (%s)\n",
		    log->name != NULL ? log->name : "supervisord",
		    words != NULL ? words : meaning);
	else
		fprintf(stderr, "%s%s Cannot read, %s\n", url, path, r->text);
	if (rc == 0 && r->fault == FAULT_BAD_NAME && log->name != NULL)
		session_unknown(s, log->name);
	free(meaning);
	free(path);
}

void
tail_stream_add(struct tail_stream *t, const struct log_request *log, char *prefix)
{
	struct log_stream *stream = NULL;
	struct reply r;
	int rc = server_stream_log(t->session->server, log, &stream, &r);

	if (stream != NULL) {
		t->logs = xreallocarray(t->logs, t->count + 1, sizeof(*t->logs));
		t->logs[t->count++] = (struct tailed){ stream, prefix };
	} else {
		t->log_ended = true;
		tail_stream_report(t->session, log, rc, &r);
		free(prefix);
	}
	reply_clear(&r);
}

static void
tail_stream_drop(struct tail_stream *t, size_t at)
{
	if (t->open != NULL && t->open == t->logs[at].prefix) {
		fputc('\n', t->session->out);
		t->open = NULL;
	}
	log_stream_free(t->logs[at].log);
	free(t->logs[at].prefix);
	t->count--;
	memmove(t->logs + at, t->logs + at + 1, (t->count - at) * sizeof(*t->logs));
}

void
tail_stream_end(struct tail_stream *t)
{
	interrupt_end(&t->interrupt);
	while (t->count > 0)
		tail_stream_drop(t, 0);
	free(t->logs);
	free(t);
}

/* Prints bytes of one of several logs with the prefix before each line. An unfinished line
 * of another log is ended first. */
static void
tail_stream_print_prefixed(
    struct tail_stream *t, const char *prefix, const char *bytes, size_t n)
{
	FILE *out = t->session->out;

	if (t->open != NULL && t->open != prefix) {
		fputc('\n', out);
		t->open = NULL;
	}
	while (n > 0) {
		const char *end = memchr(bytes, '\n', n);
		size_t length = end != NULL ? (size_t)(end - bytes) + 1 : n;

		if (t->open == NULL)
			fputs(prefix, out);
		fwrite(bytes, 1, length, out);
		t->open = end != NULL ? NULL : prefix;
		bytes += length;
		n -= length;
	}
}

/* Prints the new output of a log; false at its end, or when the reader is gone. */
static bool
tail_stream_print_log(struct tail_stream *t, const struct tailed *from)
{
	char bytes[16 * 1024];
	ssize_t n;

	while ((n = log_stream_read(from->log, bytes, sizeof(bytes))) > 0) {
		if (from->prefix != NULL)
			tail_stream_print_prefixed(t, from->prefix, bytes, (size_t)n);
		else
			fwrite(bytes, 1, (size_t)n, t->session->out);
		if (fflush(t->session->out) == EOF)
			return false;
	}
	return n == 0;
}

bool
tail_stream_print(struct tail_stream *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (!tail_stream_print_log(t, &t->logs[i])) {
			tail_stream_drop(t, i--);
			t->log_ended = true;
		}
	return t->count > 0 && !ferror(t->session->out);
}

/* Waits for one of these descriptors, in this order: Ctrl-C, the reader, input, the control
 * socket, the logs. -1 with errno. */
static int
tail_stream_wait(const struct tail_stream *t, int input, struct pollfd *fds)
{
	struct control *control = server_control(t->session->server);
	int timeout = t->log_ended ? 0 : -1;

	fds[0] = (struct pollfd){ .fd = t->interrupt.fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = fileno(t->session->out) };
	fds[2] = (struct pollfd){ .fd = input, .events = POLLIN };
	fds[3] = (struct pollfd){ .fd = control != NULL ? control_fd(control) : -1,
		.events = POLLIN };
	for (size_t i = 0; i < t->count; i++) {
		int fd = log_stream_fd(t->logs[i].log);

		fds[OTHERS + i] = (struct pollfd){ .fd = fd, .events = POLLIN };
		if (fd == -1 && timeout == -1)
			timeout = TICK_MS;
	}
	return poll(fds, OTHERS + t->count, timeout);
}

static enum outcome
tail_stream_turn(struct tail_stream *t, const struct tail_stream_watch *watch)
{
	struct control *control = server_control(t->session->server);
	struct pollfd fds[OTHERS + TAIL_STREAM_MAX];
	bool log_ended;

	if (tail_stream_wait(t, watch != NULL ? watch->fd : -1, fds) == -1 &&
	    errno != EINTR)
		return STOP;
	log_ended = t->log_ended;
	t->log_ended = false;
	if (fds[0].revents != 0)
		return INTERRUPTED;
	if ((fds[1].revents & (POLLERR | POLLNVAL)) != 0)
		return STOP;
	if (control != NULL && control_pump(control) == -1)
		return STOP;
	if (!tail_stream_print(t) && watch == NULL)
		return STOP;
	log_ended = log_ended || t->log_ended;
	t->log_ended = false;
	return watch == NULL || watch->turn(watch->ctx, fds[2].revents != 0, log_ended) ?
	    GO_ON :
	    STOP;
}

bool
tail_stream_run(struct tail_stream *t, const struct tail_stream_watch *watch)
{
	enum outcome outcome = GO_ON;

	if (t->count == 0 && watch == NULL)
		return false;
	/* Output that arrived with the head of a response does not make poll return. */
	if (!tail_stream_print(t) && watch == NULL)
		outcome = STOP;
	while (outcome == GO_ON)
		outcome = tail_stream_turn(t, watch);
	if (outcome == INTERRUPTED && watch == NULL)
		fputc('\n', t->session->out);
	return true;
}
