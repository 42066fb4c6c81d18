#include "ctl/commands/tail_stream.h"

#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/interrupt.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"
#include "ctl/daemon/control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAIL_STREAM_TICK_MS 100	/* how often a file is asked for more */
#define TAIL_STREAM_LINE (64 * 1024)	/* bytes of a line of input that are sent at once */

#define TAIL_STREAM_MAX 256		/* logs at once */
#define TAIL_STREAM_OTHERS 4	/* descriptors that are watched besides the logs' */

enum outcome { GO_ON, STOP, INTERRUPTED };

struct tailed {
	struct log_stream *feed;
	char *prefix;	/* of each line, or NULL; owned */
};

struct tail_stream {
	struct session *session;
	struct tailed **feeds; /* owned */
	size_t count;
	const char *open;	/* the prefix of a line that has not ended yet, or NULL */
	struct interrupt interrupt;
	bool doubt;	/* a log has ended or cannot be reached: is the daemon gone? */
	/* Of the foreground. */
	const char *name;	/* namespec, or NULL: no input is read */
	char input[TAIL_STREAM_LINE];
	size_t length;
};

/* --- one log more --- */

/* Says on stderr why a log cannot be followed, over HTTP as supervisorctl does. */
static void
tail_stream_report_failure(struct session *s, const struct log_request *log, int rc,
    const struct reply *r)
{
	const char *name = log->name != NULL ? log->name : "supervisord", *why = NULL;
	const char *words = show_log_fault(r->fault, log->name != NULL);
	char *meaning = rc == 0 ? reply_meaning(r->fault, r->text) : NULL;
	char *path = log->name == NULL ? xstrdup("/mainlogtail") :
	    xasprintf("/logtail/%s/%s", log->name, log->stream);

	fflush(s->out);
	if (rc == -1)
		(void)server_lost(s->server, &why);
	if (why != NULL)
		fprintf(stderr, "%s%s Cannot connect, error: %s\n", server_url(s->server),
		    path, why);
	else if (server_is_control(s->server))
		fprintf(stderr, "%s: ERROR (%s)\n", name, words != NULL ? words : meaning);
	else
		fprintf(stderr, "%s%s Cannot read, %s\n", server_url(s->server), path,
		    r->text);
	if (rc == 0 && r->fault == FAULT_BAD_NAME && log->name != NULL)
		session_unknown(s, log->name);
	free(meaning);
	free(path);
}

/* Opens a feed; when it cannot be had, that is said. Its prefix (NULL = none) is taken. */
static void
tail_stream_add(struct tail_stream *f, const struct log_request *log, char *prefix)
{
	struct log_stream *feed = NULL;
	struct reply r;
	int rc = server_stream_log(f->session->server, log, &feed, &r);

	if (feed != NULL) {
		struct tailed *followed = xcalloc(1, sizeof(*followed));

		*followed = (struct tailed){ feed, prefix };
		f->feeds = xreallocarray(f->feeds, f->count + 1, sizeof(struct tailed *));
		f->feeds[f->count++] = followed;
	} else {
		f->doubt = true;
		tail_stream_report_failure(f->session, log, rc, &r);
		free(prefix);
	}
	reply_clear(&r);
}

static void
tail_stream_drop(struct tail_stream *f, size_t at)
{
	struct tailed *gone = f->feeds[at];

	if (f->open != NULL && f->open == gone->prefix) {
		fputc('\n', f->session->out);
		f->open = NULL;
	}
	for (f->count--; at < f->count; at++)
		f->feeds[at] = f->feeds[at + 1];
	log_stream_free(gone->feed);
	free(gone->prefix);
	free(gone);
}

static void
tail_stream_begin(struct tail_stream *f)
{
	/* Whoever has read what follows may press it. */
	interrupt_begin(&f->interrupt);
	fputs("==> Press Ctrl-C to exit <==\n", f->session->out);
	fflush(f->session->out);
}

static void
tail_stream_end(struct tail_stream *f)
{
	interrupt_end(&f->interrupt);
	while (f->count > 0)
		tail_stream_drop(f, 0);
	free(f->feeds);
}

/* --- what comes --- */

/* Prints bytes of one of several logs: each line has its prefix, and one that another log
 * interrupts is ended there. */
static void
tail_stream_print_prefixed(struct tail_stream *f, const char *prefix, const char *bytes,
    size_t n)
{
	FILE *out = f->session->out;

	if (f->open != NULL && f->open != prefix) {
		fputc('\n', out);
		f->open = NULL;
	}
	while (n > 0) {
		const char *end = memchr(bytes, '\n', n);
		size_t length = end != NULL ? (size_t)(end - bytes) + 1 : n;

		if (f->open == NULL)
			fputs(prefix, out);
		fwrite(bytes, 1, length, out);
		f->open = end != NULL ? NULL : prefix;
		bytes += length;
		n -= length;
	}
}

/* Prints what a feed has; false at its end, or when nobody reads any more. */
static bool
tail_stream_print(struct tail_stream *f, const struct tailed *from)
{
	char bytes[16 * 1024];
	ssize_t n;

	while ((n = log_stream_read(from->feed, bytes, sizeof(bytes))) > 0) {
		if (from->prefix != NULL)
			tail_stream_print_prefixed(f, from->prefix, bytes, (size_t)n);
		else
			fwrite(bytes, 1, (size_t)n, f->session->out);
		if (fflush(f->session->out) == EOF)
			return false;
	}
	return n == 0;
}

/* True while some feed goes on. */
static bool
tail_stream_print_all(struct tail_stream *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (tail_stream_print(f, f->feeds[i]))
			continue;
		tail_stream_drop(f, i--);
		f->doubt = true;
	}
	return f->count > 0 && !ferror(f->session->out);
}

/* Sends what was typed; false when the process is no longer there for it. */
static bool
tail_stream_send_input(struct tail_stream *f, size_t n)
{
	struct session *s = f->session;
	struct reply r = REPLY_NONE;
	bool fine = true;

	if (!str_is_utf8(f->input, n)) {
		fputs("ERROR: this line is not UTF-8\n", s->out);
	} else if (server_call(s->server, "process.stdin", json_pack("{ss, ss%}", "name",
	    f->name, "data", f->input, n), &r) == -1) {
		session_lost(s);
		fine = false;
	} else if (r.fault != FAULT_NONE) {
		char *shown = reply_meaning(r.fault, r.text);
		if (r.fault == FAULT_NOT_RUNNING)
			fputs("Process got killed\n", s->out);
		else
			fprintf(s->out, "ERROR: %s\n", shown);
		free(shown);
		fine = false;
	}
	reply_clear(&r);
	memmove(f->input, f->input + n, f->length - n);
	f->length -= n;
	return fine;
}

/* True while the process runs; says so when it does not. */
static bool
tail_stream_still_runs(struct tail_stream *f)
{
	struct server_rows rows;
	const struct process_info *row;

	if (!session_rows(f->session, &rows))
		return false;
	row = namespec_find(f->name, &rows);
	if (row != NULL && row->state == PROCESS_RUNNING)
		return true;
	tail_stream_print_all(f);
	fputs("Process got killed\n", f->session->out);
	return false;
}

/* Reads and sends whole lines, and what is left at the end of input as one more. */
static enum outcome
tail_stream_take_input(struct tail_stream *f)
{
	ssize_t n = read(STDIN_FILENO, f->input + f->length,
	    sizeof(f->input) - f->length - 1);
	char *newline;

	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return GO_ON;
	if (n > 0)
		f->length += (size_t)n;
	else if (f->length > 0)
		f->input[f->length++] = '\n';
	while (f->length > 0) {
		newline = memchr(f->input, '\n', f->length);
		if (newline == NULL && f->length < sizeof(f->input) - 1)
			break;
		if (!tail_stream_send_input(f, newline != NULL ?
		    (size_t)(newline - f->input) + 1 : f->length) ||
		    !tail_stream_still_runs(f))
			return STOP;
	}
	return n > 0 ? GO_ON : STOP;
}

/* --- the loop --- */

/* Waits for the interrupt, for input, for more of a log, or for the reader to go. The first
 * TAIL_STREAM_OTHERS of the descriptors are in this order; -1 with errno. */
static int
tail_stream_wait(const struct tail_stream *f, struct pollfd *fds)
{
	struct control *control = server_control(f->session->server);
	int timeout = f->doubt ? 0 : -1;

	fds[0] = (struct pollfd){ .fd = f->interrupt.fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = fileno(f->session->out) };
	fds[2] = (struct pollfd){ .fd = f->name != NULL ? STDIN_FILENO : -1,
		.events = POLLIN };
	fds[3] = (struct pollfd){ .fd = control != NULL ? control_fd(control) : -1,
		.events = POLLIN };
	for (size_t i = 0; i < f->count; i++) {
		int fd = log_stream_fd(f->feeds[i]->feed);

		fds[TAIL_STREAM_OTHERS + i] = (struct pollfd){ .fd = fd, .events = POLLIN };
		if (fd == -1 && timeout == -1)
			timeout = TAIL_STREAM_TICK_MS;
	}
	return poll(fds, TAIL_STREAM_OTHERS + f->count, timeout);
}

static enum outcome
tail_stream_turn(struct tail_stream *f)
{
	struct control *control = server_control(f->session->server);
	struct pollfd fds[TAIL_STREAM_OTHERS + TAIL_STREAM_MAX];
	bool doubt;

	if (tail_stream_wait(f, fds) == -1 && errno != EINTR)
		return STOP;
	doubt = f->doubt;
	f->doubt = false;
	if (fds[0].revents != 0)
		return INTERRUPTED;
	if ((fds[1].revents & (POLLERR | POLLNVAL)) != 0)
		return STOP;
	if (control != NULL && control_pump(control, 0) == -1)
		return STOP;
	if (!tail_stream_print_all(f) && f->name == NULL)
		return STOP;
	if (f->name == NULL)
		return GO_ON;
	/* Over HTTP nothing tells of the process; but a log ends when the daemon does. */
	if ((control != NULL || doubt || f->doubt) && !tail_stream_still_runs(f))
		return STOP;
	f->doubt = false;
	return fds[2].revents != 0 ? tail_stream_take_input(f) : GO_ON;
}

static enum outcome
tail_stream_run(struct tail_stream *f)
{
	enum outcome outcome = GO_ON;

	/* What came with a response's head makes no descriptor readable. */
	if (!tail_stream_print_all(f) && f->name == NULL)
		outcome = STOP;
	while (outcome == GO_ON)
		outcome = tail_stream_turn(f);
	return outcome;
}

/* Follows what has been added; without a log that is an error. */
static void
tail_stream_finish(struct tail_stream *f)
{
	struct session *s = f->session;

	if (f->count == 0)
		s->status = EXIT_GENERIC;
	else if (tail_stream_run(f) == INTERRUPTED)
		fputc('\n', s->out);
	tail_stream_end(f);
	free(f);
}

void
tail_stream_log(struct session *s, const struct log_request *log)
{
	struct tail_stream *f = xcalloc(1, sizeof(*f));

	f->session = s;
	tail_stream_begin(f);
	tail_stream_add(f, log, NULL);
	tail_stream_finish(f);
}

void
tail_stream_logs(struct session *s, const struct log_request *log,
    const struct words *names)
{
	struct tail_stream *f = xcalloc(1, sizeof(*f));
	struct log_request one = *log;

	f->session = s;
	tail_stream_begin(f);
	if (names->count == 0) {
		fprintf(stderr, "%s: ERROR (no such group)\n", log->name);
		session_unknown(s, log->name);
	} else if (names->count > TAIL_STREAM_MAX) {
		fprintf(stderr, "%s: ERROR (%zu logs; %d at most can be followed)\n",
		    log->name, names->count, TAIL_STREAM_MAX);
	} else {
		for (size_t i = 0; i < names->count; i++) {
			one.name = names->list[i];
			tail_stream_add(f, &one, xasprintf("%s | ", one.name));
		}
	}
	tail_stream_finish(f);
}

static void
tail_stream_run_foreground(struct session *s, const char *name)
{
	struct tail_stream *f = xcalloc(1, sizeof(*f));

	f->session = s;
	f->name = name;
	tail_stream_begin(f);
	tail_stream_add(f, &(struct log_request){ .name = name, .stream = "stdout" }, NULL);
	tail_stream_add(f, &(struct log_request){ .name = name, .stream = "stderr" }, NULL);
	(void)tail_stream_run(f);
	tail_stream_print_all(f);
	fputs("Exiting foreground\n", s->out);
	tail_stream_end(f);
	free(f);
}

static void
tail_stream_complain(struct session *s, const char *text)
{
	fprintf(s->out, "ERROR: %s\n", text);
	s->status = EXIT_GENERIC;
}

void
tail_stream_foreground(struct session *s, const char *args)
{
	const struct process_info *row;
	struct server_rows rows;
	struct words words;

	if (!session_connect(s))
		return;
	words_split(&words, args);
	if (words.count == 0) {
		session_usage(s, "ERROR: no process name supplied", EXIT_GENERIC);
	} else if (words.count > 1) {
		tail_stream_complain(s, "too many process names supplied");
	} else if (session_rows(s, &rows)) {
		row = namespec_find(words.list[0], &rows);
		if (row == NULL) {
			tail_stream_complain(s, "bad process name supplied");
			session_unknown(s, words.list[0]);
		} else if (row->state != PROCESS_RUNNING)
			tail_stream_complain(s, "process not running");
		else
			tail_stream_run_foreground(s, words.list[0]);
	}
	words_clear(&words);
}
