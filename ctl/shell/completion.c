#include "ctl/shell/completion.h"

#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/command.h"
#include "ctl/commands/session.h"

#include <stdlib.h>
#include <string.h>

/* Adds the candidate, once, if it begins with the word. */
static void
completion_offer(struct words *out, const char *word, const char *candidate)
{
	if (str_starts(candidate, word) && !words_have(out, candidate))
		words_add(out, candidate);
}

static void
completion_offer_words(const char *words, const char *word, struct words *out)
{
	struct words list;

	words_split(&list, words != NULL ? words : "");
	for (size_t i = 0; i < list.count; i++)
		completion_offer(out, word, list.list[i]);
	words_clear(&list);
}

/* Offers the name of a process; if its group has another name, or the word has a colon,
 * offers it with its group, and the whole group. */
static void
completion_offer_process(
    const struct process_info *row, const char *word, struct words *out)
{
	char *full = xasprintf("%s:%s", row->group, row->name);
	char *whole = xasprintf("%s:*", row->group);

	if (strchr(word, ':') == NULL && strcmp(row->group, row->name) == 0) {
		completion_offer(out, word, row->name);
	} else {
		completion_offer(out, word, full);
		completion_offer(out, word, whole);
	}
	free(full);
	free(whole);
}

static void
completion_offer_names(const struct completion_source *source, enum command_takes takes,
    const char *word, struct words *out)
{
	struct server_rows rows = { 0 };
	json_t *config = NULL, *row;
	size_t i;

	if (takes == COMMAND_TAKES_NEW_GROUPS)
		config = source->config(source->ctx);
	else if (takes != COMMAND_TAKES_NOTHING)
		rows = source->rows(source->ctx);
	for (i = 0; i < rows.count; i++)
		if (takes == COMMAND_TAKES_GROUPS)
			completion_offer(out, word, rows.list[i]->group);
		else
			completion_offer_process(rows.list[i], word, out);
	json_array_foreach(config, i, row) {
		if (json_is_false(json_object_get(row, "inuse")))
			completion_offer(out, word, reply_member(row, "group"));
	}
	json_decref(config);
}

void
completion_from(const struct completion_source *source, const char *line, struct words *out)
{
	const char *word = strrchr(line, ' '), *name;
	const struct command *command, *other;
	struct words typed;
	bool first;

	word = word != NULL ? word + 1 : line;
	words_split(&typed, line);
	command = typed.count > 0 && word > line ? command_find(typed.list[0]) : NULL;
	first = typed.count - (*word != '\0') == 1;
	if (typed.count == 0 || (typed.count == 1 && *word != '\0') ||
	    strcmp(typed.list[0], "help") == 0)
		for (size_t i = 0; (other = command_get(i)) != NULL; i++)
			completion_offer(out, word, other->name);
	if (command != NULL && first && command->takes == COMMAND_TAKES_SIGNAL) {
		for (size_t i = 0; (name = str_signal_listed(i)) != NULL; i++)
			completion_offer(out, word, name);
	} else if (command != NULL) {
		completion_offer_words(first ? command->first : NULL, word, out);
		completion_offer_names(source, command->takes, word, out);
		completion_offer_words(command->always, word, out);
	}
	words_clear(&typed);
}

/* The current rows, none if the server cannot be reached. Prints nothing. */
static struct server_rows
completion_rows_now(void *session)
{
	struct session *s = session;
	struct server_rows rows = { 0 };
	struct reply r = REPLY_NONE;
	char *why = NULL;

	if (server_reach(s->server, &why) == REACH_OK &&
	    server_rows(s->server, &rows, &r) == -1)
		rows = (struct server_rows){ 0 };
	reply_clear(&r);
	free(why);
	return rows;
}

static json_t *
completion_config_now(void *session)
{
	struct session *s = session;
	struct reply r = REPLY_NONE;
	json_t *config = NULL;
	char *why = NULL;

	if (server_reach(s->server, &why) == REACH_OK &&
	    server_get(s->server, SERVER_CONFIG, &r) == 0)
		config = json_incref(r.result);
	reply_clear(&r);
	free(why);
	return config;
}

void
completion_offer_line(void *session, const char *line, struct words *out)
{
	const struct completion_source source = { completion_rows_now,
		completion_config_now, session };

	completion_from(&source, line, out);
}
