#include "ctl/logs.h"

#include "common/mem.h"
#include "common/str.h"
#include "ctl/exitcode.h"
#include "ctl/feed.h"
#include "ctl/follow.h"
#include "ctl/session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TAIL_BYTES 1600	/* without a number */

/* How much of a log: a number of bytes, or all that is to come. */
struct amount {
	int64_t bytes;
	bool follow;
};

static void
complain(struct session *s, const char *text, const char *detail)
{
	fprintf(s->out, "Error: %s%s\n", text, detail);
	s->status = EXIT_GENERIC;
}

/* Reads "-f" or "-N"; false when it is neither and that was said. */
static bool
read_amount(struct session *s, const char *word, struct amount *amount)
{
	amount->follow = strcmp(word, "-f") == 0;
	if (amount->follow || (*word == '-' && str_to_int(word + 1, &amount->bytes) == 0))
		return true;
	complain(s, "bad argument ", word);
	return false;
}

/* What is wrong with reading a log; another fault ends the command. */
static void
tell_fault(struct session *s, const struct feed_log *log, const struct answer *a)
{
	const char *text = NULL;

	if (a->fault == FAULT_NO_FILE)
		text = "no log file";
	else if (a->fault == FAULT_FAILED)
		text = "unknown error reading log";
	else if (a->fault == FAULT_BAD_NAME && log->name != NULL)
		text = "no such process name";
	if (a->fault == FAULT_BAD_NAME && log->name != NULL)
		session_unknown(s, log->name);
	if (text == NULL) {
		session_fault(s, a->fault, a->text);
		return;
	}
	fprintf(s->out, "%s: ERROR (%s)\n", log->name != NULL ? log->name : "supervisord",
	    text);
	s->status = EXIT_GENERIC;
}

static void
print_log(struct session *s, const struct feed_log *log, const struct amount *amount)
{
	struct answer a;

	if (amount->follow) {
		follow_log(s, log);
		return;
	}
	if (server_read_log(s->server, log, amount->bytes == INT64_MIN ? INT64_MAX :
	    -amount->bytes, s->out, &a) == -1)
		session_lost(s);
	else if (a.fault != FAULT_NONE)
		tell_fault(s, log, &a);
	else
		fputc('\n', s->out);
	answer_clear(&a);
}

/* Reads the channel's name in place; false when it is none and that was said. */
static bool
read_channel(struct session *s, char *word)
{
	char *shown;

	for (char *c = word; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (strcmp(word, "stdout") == 0 || strcmp(word, "stderr") == 0)
		return true;
	shown = str_repr(word);
	complain(s, "bad channel ", shown);
	free(shown);
	return false;
}

static void
tail_words(struct session *s, struct words *words)
{
	struct amount amount = { .bytes = TAIL_BYTES };
	struct feed_log log = { .stream = "stdout" };
	char *modifier = NULL;

	if (words->list[0][0] == '-') {
		modifier = xstrdup(words->list[0]);
		words_shift(words);
	}
	if (words->count == 0)
		complain(s, "tail requires process name", "");
	else if ((words->count == 1 || read_channel(s, words->list[words->count - 1])) &&
	    (modifier == NULL || read_amount(s, modifier, &amount))) {
		log.name = words->list[0];
		if (words->count > 1)
			log.stream = words->list[words->count - 1];
		print_log(s, &log, &amount);
	}
	free(modifier);
}

void
logs_tail(struct session *s, const char *args)
{
	struct words words;

	if (!session_connect(s))
		return;
	words_split(&words, args);
	if (words.count < 1)
		session_misused(s, "Error: too few arguments", EXIT_GENERIC);
	else if (words.count > 3)
		session_misused(s, "Error: too many arguments", EXIT_GENERIC);
	else
		tail_words(s, &words);
	words_clear(&words);
}

void
logs_maintail(struct session *s, const char *args)
{
	const struct feed_log log = { .stream = "stdout" };
	struct amount amount = { .bytes = TAIL_BYTES };
	struct words words;

	if (!session_connect(s))
		return;
	words_split(&words, args);
	if (words.count > 1)
		session_misused(s, "Error: too many arguments", EXIT_GENERIC);
	else if (words.count == 0 || read_amount(s, words.list[0], &amount))
		print_log(s, &log, &amount);
	words_clear(&words);
}
