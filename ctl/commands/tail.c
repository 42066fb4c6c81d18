#include "ctl/commands/tail.h"

#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"
#include "ctl/commands/tail_stream.h"
#include "ctl/daemon/last_lines.h"
#include "ctl/daemon/log_stream.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TAIL_BYTES 1600	/* without a number */
#define LINES_FIRST (16 * 1024)	/* bytes that are first looked through for lines */

/* How much of a log: a number of bytes or of lines, and all that is to come. */
struct amount {
	int64_t bytes;
	bool by_lines;
	int64_t lines;
	bool follow;
};

static void
tail_complain(struct session *s, const char *text, const char *detail)
{
	fprintf(s->out, "Error: %s%s\n", text, detail);
	s->status = EXIT_GENERIC;
}

/* Reads "-f" or "-N"; false when it is neither and that was said. */
static bool
tail_read_amount(struct session *s, const char *word, struct amount *amount)
{
	amount->follow = strcmp(word, "-f") == 0;
	if (amount->follow || (*word == '-' && !amount->by_lines &&
	    str_to_int(word + 1, &amount->bytes) == 0))
		return true;
	tail_complain(s, "bad argument ", word);
	return false;
}

/* Takes "-n N" or "-nN" out of the words, where it is first or follows -f; false when it
 * has no number and that was said. */
static bool
tail_take_lines(struct session *s, struct words *words, struct amount *amount)
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
	if (str_to_int(number, &amount->lines) == -1 || amount->lines < 0) {
		tail_complain(s, "-n needs a number of lines", "");
		return false;
	}
	amount->by_lines = true;
	words_drop(words, at);
	if (apart)
		words_drop(words, at);
	return true;
}

/* What is wrong with reading a log; another fault ends the command. */
static void
tail_report_fault(struct session *s, const struct log_request *log, const struct reply *r)
{
	const char *text = show_log_fault(r->fault, log->name != NULL);

	if (r->fault == FAULT_BAD_NAME && log->name != NULL)
		session_unknown(s, log->name);
	if (text == NULL) {
		session_fault(s, r->fault, r->text);
		return;
	}
	fprintf(s->out, "%s: ERROR (%s)\n", log->name != NULL ? log->name : "supervisord",
	    text);
	s->status = EXIT_GENERIC;
}

/* Reads more and more of the log's end, until it holds so many lines; new text. 0 or -1. */
static int
tail_read_lines(struct session *s, const struct log_request *log, int64_t lines,
    char **text, size_t *n, struct reply *r)
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
		enough = last_lines_of_text(*text, *n, lines, &start) ||
		    r->fault != FAULT_NONE || *n < (size_t)size || size >= LAST_LINES_MAX;
	}
	*n -= start;
	memmove(*text, *text + start, *n);
	return rc;
}

static void
tail_print_lines(struct session *s, const struct log_request *log, int64_t lines)
{
	struct reply r = REPLY_NONE;
	char *text = NULL;
	size_t n = 0;

	if (tail_read_lines(s, log, lines, &text, &n, &r) == -1)
		session_lost(s);
	else if (r.fault != FAULT_NONE)
		tail_report_fault(s, log, &r);
	else
		fwrite(text, 1, n, s->out);
	if (n > 0 && text[n - 1] != '\n')
		fputc('\n', s->out);
	free(text);
	reply_clear(&r);
}

static void
tail_print_bytes(struct session *s, const struct log_request *log, int64_t bytes)
{
	struct reply r;

	if (server_read_log(s->server, log, bytes == INT64_MIN ? INT64_MAX : -bytes, s->out,
	    &r) == -1)
		session_lost(s);
	else if (r.fault != FAULT_NONE)
		tail_report_fault(s, log, &r);
	else
		fputc('\n', s->out);
	reply_clear(&r);
}

/* The logs of all that the name means when that may be several, else the one. */
static void
tail_stream(struct session *s, const struct log_request *log)
{
	struct server_rows rows;
	struct words names = { 0 };

	s->about = ADVICE_PROCESSES;
	if (log->name == NULL ||
	    (!namespec_is_group(log->name) && !namespec_is_pattern(log->name))) {
		tail_stream_log(s, log);
		return;
	}
	if (!session_rows(s, &rows))
		return;
	words_add(&names, log->name);
	namespec_expand_groups(&names, &rows);
	tail_stream_logs(s, log, &names);
	words_clear(&names);
}

static void
tail_print(struct session *s, struct log_request *log, const struct amount *amount)
{
	log->by_lines = amount->by_lines;
	log->lines = amount->lines;
	if (amount->follow && amount->by_lines && !server_is_control(s->server))
		tail_complain(s, "-n with -f needs the control socket", "");
	else if (amount->follow)
		tail_stream(s, log);
	else if (amount->by_lines)
		tail_print_lines(s, log, amount->lines);
	else
		tail_print_bytes(s, log, amount->bytes);
}

/* Reads the channel's name in place; false when it is none and that was said. */
static bool
tail_read_channel(struct session *s, char *word)
{
	char *shown;

	for (char *c = word; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (strcmp(word, "stdout") == 0 || strcmp(word, "stderr") == 0)
		return true;
	shown = str_repr(word);
	tail_complain(s, "bad channel ", shown);
	free(shown);
	return false;
}

/* supervisorctl's error is about a channel; several names were meant. */
static void
tail_advise_one_name(struct session *s, const char *modifier)
{
	if (s->err != NULL && str_equal(modifier, "-f"))
		fputs("tail -f takes one name, which may be a group or a pattern: "
		    "tail -f 'web*'\n", s->err);
}

static void
tail_words(struct session *s, struct words *words, struct amount *amount)
{
	struct log_request log = { .stream = "stdout" };
	char *modifier = NULL;

	if (words->count > 0 && words->list[0][0] == '-') {
		modifier = xstrdup(words->list[0]);
		words_shift(words);
	}
	if (words->count == 0)
		tail_complain(s, "tail requires process name", "");
	else if (words->count > 1 && !tail_read_channel(s, words->list[words->count - 1]))
		tail_advise_one_name(s, modifier);
	else if (modifier == NULL || tail_read_amount(s, modifier, amount)) {
		log.name = words->list[0];
		if (words->count > 1)
			log.stream = words->list[words->count - 1];
		tail_print(s, &log, amount);
	}
	free(modifier);
}

void
tail_run(struct session *s, const char *args)
{
	struct amount amount = { .bytes = TAIL_BYTES };
	struct words words;

	if (!session_connect(s))
		return;
	words_split(&words, args);
	if (words.count < 1)
		session_usage(s, "Error: too few arguments", EXIT_GENERIC);
	else if (tail_take_lines(s, &words, &amount) && words.count > 3)
		session_usage(s, "Error: too many arguments", EXIT_GENERIC);
	else if (s->status == EXIT_OK)
		tail_words(s, &words, &amount);
	words_clear(&words);
}

void
tail_main(struct session *s, const char *args)
{
	struct log_request log = { .stream = "stdout" };
	struct amount amount = { .bytes = TAIL_BYTES };
	struct words words;

	if (!session_connect(s))
		return;
	words_split(&words, args);
	if (tail_take_lines(s, &words, &amount) && words.count > 1)
		session_usage(s, "Error: too many arguments", EXIT_GENERIC);
	else if (s->status == EXIT_OK && (words.count == 0 ||
	    tail_read_amount(s, words.list[0], &amount)))
		tail_print(s, &log, &amount);
	words_clear(&words);
}
