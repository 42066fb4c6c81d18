#include "ctl/shell/completion.h"

#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/command.h"
#include "ctl/commands/session.h"

#include <stdlib.h>
#include <string.h>

/* Adds the candidate when the word may become it, once. */
static void
completion_offer(struct words *out, const char *word, const char *candidate)
{
	if (!str_starts(candidate, word))
		return;
	for (size_t i = 0; i < out->count; i++)
		if (strcmp(out->list[i], candidate) == 0)
			return;
	words_add(out, candidate);
}

static void
completion_offer_commands(const char *word, struct words *out)
{
	const struct command *command;

	for (size_t i = 0; (command = command_get(i)) != NULL; i++)
		completion_offer(out, word, command->name);
}

static void
completion_offer_groups(const struct completion_source *source, const char *word,
    struct words *out)
{
	struct server_rows rows = source->rows(source->ctx);

	for (size_t i = 0; i < rows.count; i++)
		completion_offer(out, word, rows.list[i]->group);
}

static void
completion_offer_new_groups(const struct completion_source *source, const char *word,
    struct words *out)
{
	json_t *config = source->config(source->ctx), *row;
	size_t i;

	json_array_foreach(config, i, row) {
		const char *group = json_string_value(json_object_get(row, "group"));

		if (group != NULL && json_is_false(json_object_get(row, "inuse")))
			completion_offer(out, word, group);
	}
	json_decref(config);
}

/* A process under its own name; with its group, and the whole group, where it has one of
 * another name or a colon was typed. */
static void
completion_offer_processes(const struct completion_source *source, const char *word,
    struct words *out)
{
	struct server_rows rows = source->rows(source->ctx);

	for (size_t i = 0; i < rows.count; i++) {
		const struct process_info *row = rows.list[i];
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
}

static void
completion_offer_words(const char *words, const char *word, struct words *out)
{
	struct words list;

	words_split(&list, words);
	for (size_t i = 0; i < list.count; i++)
		completion_offer(out, word, list.list[i]);
	words_clear(&list);
}

static void
completion_offer_signals(const char *word, struct words *out)
{
	const char *name;

	for (size_t i = 0; (name = str_signal_listed(i)) != NULL; i++)
		completion_offer(out, word, name);
}

static const struct taker {
	const char *command;
	void (*offer)(const struct completion_source *, const char *word,
	    struct words *out);
	const char *first, *always; /* words of the first place, and of any; or NULL */
	bool signal_first; /* and nothing else stands in the first place */
} takers[] = {
	{ "add", completion_offer_new_groups, NULL, NULL, false },
	{ "clear", completion_offer_processes, NULL, "all", false },
	{ "events", completion_offer_processes, "--json", NULL, false },
	{ "fg", completion_offer_processes, NULL, NULL, false },
	{ "maintail", NULL, "-f -n", NULL, false },
	{ "pid", completion_offer_processes, NULL, "all", false },
	{ "remove", completion_offer_groups, NULL, NULL, false },
	{ "restart", completion_offer_processes, NULL, "all", false },
	{ "signal", completion_offer_processes, NULL, "all", true },
	{ "start", completion_offer_processes, NULL, "all", false },
	{ "status", completion_offer_processes, "--json --watch", NULL, false },
	{ "stop", completion_offer_processes, NULL, "all", false },
	{ "tail", completion_offer_processes, "-f -n", "stdout stderr", false },
	{ "update", completion_offer_groups, "--dry-run", "all", false },
};

/* The rows as they are now; none where they cannot be had. Nothing is printed. */
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

	if (server_reach(s->server, &why) == REACH_OK && server_get(s->server,
	    SERVER_CONFIG, &r) == 0)
		config = json_incref(r.result);
	reply_clear(&r);
	free(why);
	return config;
}

static void
completion_offer_arguments(const struct taker *taker, bool is_first,
    const struct completion_source *source, const char *word, struct words *out)
{
	if (is_first && taker->signal_first) {
		completion_offer_signals(word, out);
		return;
	}
	if (is_first && taker->first != NULL)
		completion_offer_words(taker->first, word, out);
	if (taker->offer != NULL)
		taker->offer(source, word, out);
	if (taker->always != NULL)
		completion_offer_words(taker->always, word, out);
}

void
completion_from(const struct completion_source *source, const char *line, struct words *out)
{
	const char *word = strrchr(line, ' ');
	struct words typed;
	size_t place;

	word = word != NULL ? word + 1 : line;
	words_split(&typed, line);
	if (typed.count == 0 || (typed.count == 1 && *word != '\0') ||
	    strcmp(typed.list[0], "help") == 0)
		completion_offer_commands(word, out);
	place = typed.count - (*word != '\0' ? 1 : 0);
	for (size_t i = 0; i < nitems(takers) && typed.count > 0 && word > line; i++)
		if (strcmp(takers[i].command, typed.list[0]) == 0)
			completion_offer_arguments(&takers[i], place == 1, source, word,
			    out);
	words_clear(&typed);
}

void
completion_offer_line(void *session, const char *line, struct words *out)
{
	const struct completion_source source = { completion_rows_now,
	    completion_config_now, session };

	completion_from(&source, line, out);
}
