/* The commands tail and maintail. */
#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"
#include "ctl/commands/tail_stream.h"
#include "ctl/daemon/last_lines.h"

#include <stdlib.h>
#include <string.h>

#define TAIL_BYTES 1600         /* the default */
#define LINES_FIRST (16 * 1024) /* bytes in which lines are searched first */

/* The arguments. */
struct tail {
	struct log_request log;
	int64_t bytes;
	bool follow;
};

/* Reads "-f" or "-N"; reports any other word and returns false. */
static bool
tail_read_amount(struct session *s, const char *word, struct tail *tail)
{
	tail->follow = strcmp(word, "-f") == 0;
	if (tail->follow ||
	    (*word == '-' && !tail->log.by_lines &&
		str_to_int(word + 1, &tail->bytes) == 0))
		return true;
	session_report(s, EXIT_GENERIC, "Error: bad argument %s", word);
	return false;
}

/* Removes "-n N" or "-nN" at the beginning or after -f and stores the number; reports a bad
 * number and returns false. */
static bool
tail_take_lines(struct session *s, struct words *words, struct tail *tail)
{
	size_t at = words->count > 0 && strcmp(words->list[0], "-f") == 0;
	const char *number;
	bool apart;

	if (at >= words->count || !str_starts(words->list[at], "-n"))
		return true;
	number = words->list[at] + strlen("-n");
	apart = *number == '\0';
	if (apart)
		number = at + 1 < words->count ? words->list[at + 1] : "";
	if (str_to_int(number, &tail->log.lines) == -1 || tail->log.lines < 0) {
		session_report(s, EXIT_GENERIC, "Error: -n needs a number of lines");
		return false;
	}
	tail->log.by_lines = true;
	words_drop(words, at);
	if (apart)
		words_drop(words, at);
	return true;
}

/* Whether a reply has a log; if not, reports the fault or ends the command. */
static bool
tail_replied(
    struct session *s, const struct log_request *log, int rc, const struct reply *r)
{
	const char *text = show_log_fault(r->fault, log->name != NULL);

	if (rc == 0 && r->fault == FAULT_BAD_NAME && log->name != NULL)
		session_unknown(s, log->name);
	if (rc == -1 || text == NULL)
		return session_replied(s, rc, r, NULL);
	session_report(s, EXIT_GENERIC, "%s: ERROR (%s)",
	    log->name != NULL ? log->name : "supervisord", text);
	return false;
}

/* Reads the end of the log, more each time, until it has enough lines. *text is new. 0, or
 * -1 without a reply. */
static int
tail_read_lines(struct session *s, const struct log_request *log, char **text, size_t *n,
    struct reply *r)
{
	bool enough = false;
	size_t start = 0;
	int rc = 0;

	*text = NULL;
	for (int64_t size = LINES_FIRST; rc == 0 && !enough; size *= 4) {
		FILE *memory;

		free(*text);
		reply_clear(r);
		memory = open_memstream(text, n);
		if (memory == NULL) {
			reply_set_fault(r, FAULT_FAILED, xstrdup("out of memory"));
			return 0;
		}
		rc = server_read_log(s->server, log, -size, memory, r);
		fclose(memory);
		enough = last_lines_of_text(*text, *n, log->lines, &start) ||
		    r->fault != FAULT_NONE || *n < (size_t)size || size >= LAST_LINES_MAX;
	}
	*n -= start;
	memmove(*text, *text + start, *n);
	return rc;
}

/* Prints the end of the log. */
static void
tail_print(struct session *s, const struct tail *tail)
{
	struct reply r = REPLY_NONE;
	char *text = NULL;
	size_t n = 0;
	int rc;

	if (tail->log.by_lines) {
		rc = tail_read_lines(s, &tail->log, &text, &n, &r);
		if (tail_replied(s, &tail->log, rc, &r))
			fwrite(text, 1, n, s->out);
		if (n > 0 && text[n - 1] != '\n')
			fputc('\n', s->out);
		free(text);
	} else {
		rc = server_read_log(s->server, &tail->log,
		    tail->bytes == INT64_MIN ? INT64_MAX : -tail->bytes, s->out, &r);
		if (tail_replied(s, &tail->log, rc, &r))
			fputc('\n', s->out);
	}
	reply_clear(&r);
}

/* Streams the log, or with names the logs of these processes, with the name before each
 * line. */
static void
tail_follow(struct session *s, const struct log_request *log, const struct words *names)
{
	struct tail_stream *stream = tail_stream_begin(s);
	struct log_request one = *log;

	if (names == NULL) {
		tail_stream_add(stream, log, NULL);
	} else if (names->count == 0) {
		fprintf(stderr, "%s: ERROR (no such group)\n", log->name);
		session_unknown(s, log->name);
	} else if (names->count > TAIL_STREAM_MAX) {
		fprintf(stderr, "%s: ERROR (%zu logs; %d at most can be followed)\n",
		    log->name, names->count, TAIL_STREAM_MAX);
	} else {
		for (size_t i = 0; i < names->count; i++) {
			one.name = names->list[i];
			tail_stream_add(stream, &one, xasprintf("%s | ", one.name));
		}
	}
	if (!tail_stream_run(stream, NULL))
		s->status = EXIT_GENERIC;
	tail_stream_end(stream);
}

/* Prints or streams the log; streams the logs of a group or a pattern. */
static void
tail_log(struct session *s, const struct tail *tail)
{
	const char *name = tail->log.name;
	struct server_rows rows;
	struct words names = { 0 };

	if (!tail->follow) {
		tail_print(s, tail);
		return;
	}
	if (tail->log.by_lines && server_control(s->server) == NULL) {
		session_report(s, EXIT_GENERIC,
		    "Error: -n with -f needs the control "
		    "socket");
		return;
	}
	s->about = ADVICE_PROCESSES;
	if (name == NULL || (!namespec_is_group(name) && !namespec_is_pattern(name))) {
		tail_follow(s, &tail->log, NULL);
	} else if (session_rows(s, &rows)) {
		words_add(&names, name);
		namespec_expand_groups(&names, &rows);
		tail_follow(s, &tail->log, &names);
		words_clear(&names);
	}
}

/* Makes the channel's name lower case; reports an unknown one and returns false. */
static bool
tail_read_channel(struct session *s, char *word)
{
	char *shown;

	str_lower(word);
	if (strcmp(word, "stdout") == 0 || strcmp(word, "stderr") == 0)
		return true;
	shown = str_repr(word);
	session_report(s, EXIT_GENERIC, "Error: bad channel %s", shown);
	free(shown);
	return false;
}

static void
tail_words(struct session *s, struct words *words, struct tail *tail)
{
	char *modifier = NULL;

	if (words->count > 0 && words->list[0][0] == '-') {
		modifier = xstrdup(words->list[0]);
		words_drop(words, 0);
	}
	if (words->count == 0) {
		session_report(s, EXIT_GENERIC, "Error: tail requires process name");
	} else if (words->count > 1 &&
	    !tail_read_channel(s, words->list[words->count - 1])) {
		/* supervisorctl reports a bad channel when several names are given. */
		if (s->err != NULL && str_equal(modifier, "-f"))
			fputs("tail -f takes one name, which may be a group or a pattern: "
			      "tail -f 'web*'\n",
			    s->err);
	} else if (modifier == NULL || tail_read_amount(s, modifier, tail)) {
		tail->log.name = words->list[0];
		if (words->count > 1)
			tail->log.stream = words->list[words->count - 1];
		tail_log(s, tail);
	}
	free(modifier);
}

void
tail_run(struct session *s, const char *args)
{
	bool of_daemon = strcmp(s->command->name, "maintail") == 0;
	struct tail tail = { .log = { .stream = "stdout" }, .bytes = TAIL_BYTES };
	struct words words;

	if (!session_connect(s))
		return;
	words_split(&words, args);
	if (words.count < 1 && !of_daemon)
		session_usage(s, EXIT_GENERIC, "Error: too few arguments");
	else if (tail_take_lines(s, &words, &tail) && words.count > (of_daemon ? 1 : 3))
		session_usage(s, EXIT_GENERIC, "Error: too many arguments");
	else if (s->status == EXIT_OK && !of_daemon)
		tail_words(s, &words, &tail);
	else if (s->status == EXIT_OK &&
	    (words.count == 0 || tail_read_amount(s, words.list[0], &tail)))
		tail_log(s, &tail);
	words_clear(&words);
}
