#include "ctl/follow.h"

#include "common/mem.h"
#include "common/str.h"
#include "ctl/client.h"
#include "ctl/exitcode.h"
#include "ctl/interrupt.h"
#include "ctl/session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLLOW_TICK_MS 100	/* how often a file is asked for more */
#define FOLLOW_LINE (64 * 1024)	/* bytes of a line of input that are sent at once */

enum outcome { GO_ON, STOP, INTERRUPTED };

struct follow {
	struct session *session;
	struct feed *feeds[2];
	size_t count;
	struct interrupt interrupt;
	bool doubt;	/* a log has ended or cannot be reached: is the daemon gone? */
	/* Of the foreground. */
	const char *name;	/* namespec, or NULL: no input is read */
	char input[FOLLOW_LINE];
	size_t length;
};

/* --- one log more --- */

/* Opens a feed; when it cannot be had, that is said on stderr as supervisorctl says it. */
static void
add_feed(struct follow *f, const struct feed_log *log)
{
	struct server *server = f->session->server;
	const char *url = server_url(server);
	char *why = NULL, *path = log->name == NULL ? xstrdup("/mainlogtail") :
	    xasprintf("/logtail/%s/%s", log->name, log->stream);
	int status = server_follow(server, log, &f->feeds[f->count], &why);

	f->doubt |= status == -1 || status >= 500;
	if (status == 0)
		f->count++;
	else if (status == -1)
		fprintf(stderr, "%s%s Cannot connect, error: %s\n", url, path, why);
	else
		fprintf(stderr, "%s%s Cannot read, status code %d\n", url, path, status);
	free(path);
	free(why);
}

static void
begin(struct follow *f)
{
	/* Whoever has read what follows may press it. */
	interrupt_begin(&f->interrupt);
	fputs("==> Press Ctrl-C to exit <==\n", f->session->out);
	fflush(f->session->out);
}

static void
end(struct follow *f)
{
	interrupt_end(&f->interrupt);
	for (size_t i = 0; i < f->count; i++)
		feed_free(f->feeds[i]);
}

/* --- what comes --- */

/* Prints what a feed has; false at its end, or when nobody reads any more. */
static bool
print_feed(struct follow *f, struct feed *feed)
{
	char bytes[16 * 1024];
	ssize_t n;

	while ((n = feed_read(feed, bytes, sizeof(bytes))) > 0) {
		fwrite(bytes, 1, (size_t)n, f->session->out);
		if (fflush(f->session->out) == EOF)
			return false;
	}
	return n == 0;
}

/* True while some feed goes on. */
static bool
print_feeds(struct follow *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (print_feed(f, f->feeds[i]))
			continue;
		feed_free(f->feeds[i]);
		f->feeds[i--] = f->feeds[--f->count];
		f->doubt = true;
	}
	return f->count > 0 && !ferror(f->session->out);
}

/* Sends what was typed; false when the process is no longer there for it. */
static bool
send_input(struct follow *f, size_t n)
{
	struct session *s = f->session;
	struct answer a = ANSWER_NONE;
	bool fine = true;

	if (!str_is_utf8(f->input, n)) {
		fputs("ERROR: this line is not UTF-8\n", s->out);
	} else if (server_call(s->server, "process.stdin", json_pack("{ss, ss%}", "name",
	    f->name, "data", f->input, n), &a) == -1) {
		session_lost(s);
		fine = false;
	} else if (a.fault != FAULT_NONE) {
		char *shown = answer_meaning(a.fault, a.text);
		if (a.fault == FAULT_NOT_RUNNING)
			fputs("Process got killed\n", s->out);
		else
			fprintf(s->out, "ERROR: %s\n", shown);
		free(shown);
		fine = false;
	}
	answer_clear(&a);
	memmove(f->input, f->input + n, f->length - n);
	f->length -= n;
	return fine;
}

/* True while the process runs; says so when it does not. */
static bool
still_runs(struct follow *f)
{
	struct server_rows rows;
	const struct process_info *row;

	if (!session_rows(f->session, &rows))
		return false;
	row = names_find(f->name, &rows);
	if (row != NULL && row->state == PROCESS_RUNNING)
		return true;
	print_feeds(f);
	fputs("Process got killed\n", f->session->out);
	return false;
}

/* Reads and sends whole lines, and what is left at the end of input as one more. */
static enum outcome
take_input(struct follow *f)
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
		if (!send_input(f, newline != NULL ? (size_t)(newline - f->input) + 1 :
		    f->length) || !still_runs(f))
			return STOP;
	}
	return n > 0 ? GO_ON : STOP;
}

/* --- the loop --- */

/* Waits for the interrupt, for input, for more of a log, or for the reader to go. */
static enum outcome
turn(struct follow *f)
{
	struct client *client = server_client(f->session->server);
	struct pollfd fds[6] = {
		{ .fd = f->interrupt.fd, .events = POLLIN },
		{ .fd = fileno(f->session->out) },
		{ .fd = f->name != NULL ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = client != NULL ? client_fd(client) : -1, .events = POLLIN },
	};
	int timeout = f->doubt ? 0 : -1;

	for (size_t i = 0; i < f->count; i++) {
		fds[4 + i].fd = feed_fd(f->feeds[i]);
		fds[4 + i].events = POLLIN;
		if (fds[4 + i].fd == -1)
			timeout = FOLLOW_TICK_MS;
	}
	if (poll(fds, 4 + f->count, timeout) == -1 && errno != EINTR)
		return STOP;
	if (fds[0].revents != 0)
		return INTERRUPTED;
	if ((fds[1].revents & (POLLERR | POLLNVAL)) != 0)
		return STOP;
	if (client != NULL && client_pump(client, 0) == -1)
		return STOP;
	if (!print_feeds(f) && f->name == NULL)
		return STOP;
	if (f->name == NULL)
		return GO_ON;
	/* Over HTTP nothing tells of the process; but a log ends when the daemon does. */
	if ((client != NULL || f->doubt) && !still_runs(f))
		return STOP;
	f->doubt = false;
	return fds[2].revents != 0 ? take_input(f) : GO_ON;
}

static enum outcome
follow(struct follow *f)
{
	enum outcome outcome = GO_ON;

	/* What came with a response's head makes no descriptor readable. */
	if (!print_feeds(f) && f->name == NULL)
		outcome = STOP;
	while (outcome == GO_ON)
		outcome = turn(f);
	return outcome;
}

void
follow_log(struct session *s, const struct feed_log *log)
{
	struct follow *f = xcalloc(1, sizeof(*f));

	f->session = s;
	begin(f);
	add_feed(f, log);
	if (f->count > 0 && follow(f) == INTERRUPTED)
		fputc('\n', s->out);
	end(f);
	free(f);
}

static void
foreground(struct session *s, const char *name)
{
	struct follow *f = xcalloc(1, sizeof(*f));

	f->session = s;
	f->name = name;
	begin(f);
	add_feed(f, &(struct feed_log){ .name = name, .stream = "stdout" });
	add_feed(f, &(struct feed_log){ .name = name, .stream = "stderr" });
	(void)follow(f);
	print_feeds(f);
	fputs("Exiting foreground\n", s->out);
	end(f);
	free(f);
}

static void
complain(struct session *s, const char *text)
{
	fprintf(s->out, "ERROR: %s\n", text);
	s->status = EXIT_GENERIC;
}

void
follow_foreground(struct session *s, const char *args)
{
	const struct process_info *row;
	struct server_rows rows;
	struct words words;

	if (!session_connect(s))
		return;
	words_split(&words, args);
	if (words.count == 0) {
		session_misused(s, "ERROR: no process name supplied", EXIT_GENERIC);
	} else if (words.count > 1) {
		complain(s, "too many process names supplied");
	} else if (session_rows(s, &rows)) {
		row = names_find(words.list[0], &rows);
		if (row == NULL) {
			complain(s, "bad process name supplied");
			session_unknown(s, words.list[0]);
		} else if (row->state != PROCESS_RUNNING)
			complain(s, "process not running");
		else
			foreground(s, words.list[0]);
	}
	words_clear(&words);
}
