/* The command fg. */
#include "common/str.h"
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/session.h"
#include "ctl/commands/tail_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOREGROUND_LINE (64 * 1024) /* bytes; a longer line is sent in parts */

struct foreground {
	struct session *session;
	struct tail_stream *logs;
	const char *name; /* namespec */
	char input[FOREGROUND_LINE];
	size_t length;
};

/* Sends the first n bytes of input; false if the process cannot receive them. */
static bool
foreground_send(struct foreground *f, size_t n)
{
	struct session *s = f->session;
	struct reply r = REPLY_NONE;
	bool fine = true;

	if (!str_is_utf8(f->input, n)) {
		fputs("ERROR: this line is not UTF-8\n", s->out);
	} else if (server_call(s->server, "process.stdin",
		       json_pack("{ss, ss%}", "name", f->name, "data", f->input, n),
		       &r) == -1) {
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

/* Whether the process still runs; if not, prints its last output and its end. */
static bool
foreground_still_runs(struct foreground *f)
{
	struct server_rows rows;
	const struct process_info *row;

	if (!session_rows(f->session, &rows))
		return false;
	row = namespec_find(f->name, &rows);
	if (row != NULL && row->state == PROCESS_RUNNING)
		return true;
	tail_stream_print(f->logs);
	fputs("Process got killed\n", f->session->out);
	return false;
}

/* Reads input and sends whole lines; the end of input also ends a line. */
static bool
foreground_take_input(struct foreground *f)
{
	ssize_t n =
	    read(STDIN_FILENO, f->input + f->length, sizeof(f->input) - f->length - 1);
	char *newline;

	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n > 0)
		f->length += (size_t)n;
	else if (f->length > 0)
		f->input[f->length++] = '\n';
	while (f->length > 0) {
		newline = memchr(f->input, '\n', f->length);
		if (newline == NULL && f->length < sizeof(f->input) - 1)
			break;
		if (!foreground_send(f,
			newline != NULL ? (size_t)(newline - f->input) + 1 : f->length) ||
		    !foreground_still_runs(f))
			return false;
	}
	return n > 0;
}

/* Over HTTP the state is requested only when a log has ended, as it does with the
 * daemon. */
static bool
foreground_turn(void *ctx, bool ready, bool log_ended)
{
	struct foreground *f = ctx;

	if ((server_control(f->session->server) != NULL || log_ended) &&
	    !foreground_still_runs(f))
		return false;
	return !ready || foreground_take_input(f);
}

static void
foreground_stream(struct session *s, const char *name)
{
	struct foreground f = { .session = s, .logs = tail_stream_begin(s), .name = name };
	const struct tail_stream_watch watch = { STDIN_FILENO, foreground_turn, &f };

	tail_stream_add(
	    f.logs, &(struct log_request){ .name = name, .stream = "stdout" }, NULL);
	tail_stream_add(
	    f.logs, &(struct log_request){ .name = name, .stream = "stderr" }, NULL);
	(void)tail_stream_run(f.logs, &watch);
	tail_stream_print(f.logs);
	fputs("Exiting foreground\n", s->out);
	tail_stream_end(f.logs);
}

void
foreground_run(struct session *s, const char *args)
{
	const struct process_info *row;
	struct server_rows rows;
	struct words words;

	if (!session_connect(s))
		return;
	words_split(&words, args);
	if (words.count == 0) {
		session_usage(s, EXIT_GENERIC, "ERROR: no process name supplied");
	} else if (words.count > 1) {
		session_report(s, EXIT_GENERIC, "ERROR: too many process names supplied");
	} else if (session_rows(s, &rows)) {
		row = namespec_find(words.list[0], &rows);
		if (row == NULL) {
			session_report(s, EXIT_GENERIC, "ERROR: bad process name supplied");
			session_unknown(s, words.list[0]);
		} else if (row->state != PROCESS_RUNNING) {
			session_report(s, EXIT_GENERIC, "ERROR: process not running");
		} else {
			foreground_stream(s, words.list[0]);
		}
	}
	words_clear(&words);
}
