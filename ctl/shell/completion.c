#include "ctl/shell/completion.h"

#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/command.h"
#include "ctl/commands/session.h"

#include <stdlib.h>
#include <string.h>

/* Adds the candidate when the word may become it, once. */
static void
offer(struct words *out, const char *word, const char *candidate)
{
	if (!str_starts(candidate, word))
		return;
	for (size_t i = 0; i < out->count; i++)
		if (strcmp(out->list[i], candidate) == 0)
			return;
	words_add(out, candidate);
}

static void
offer_verbs(const char *word, struct words *out)
{
	const struct verb *verb;

	for (size_t i = 0; (verb = verbs_get(i)) != NULL; i++)
		offer(out, word, verb->name);
}

static void
offer_groups(const struct complete_source *source, const char *word, struct words *out)
{
	struct server_rows rows = source->rows(source->ctx);

	for (size_t i = 0; i < rows.count; i++)
		offer(out, word, rows.list[i]->group);
}

static void
offer_new_groups(const struct complete_source *source, const char *word, struct words *out)
{
	json_t *config = source->config(source->ctx), *row;
	size_t i;

	json_array_foreach(config, i, row) {
		const char *group = json_string_value(json_object_get(row, "group"));

		if (group != NULL && json_is_false(json_object_get(row, "inuse")))
			offer(out, word, group);
	}
	json_decref(config);
}

/* A process under its own name; with its group, and the whole group, where it has one of
 * another name or a colon was typed. */
static void
offer_processes(const struct complete_source *source, const char *word, struct words *out)
{
	struct server_rows rows = source->rows(source->ctx);

	for (size_t i = 0; i < rows.count; i++) {
		const struct process_info *row = rows.list[i];
		char *full = xasprintf("%s:%s", row->group, row->name);
		char *whole = xasprintf("%s:*", row->group);

		if (strchr(word, ':') == NULL && strcmp(row->group, row->name) == 0) {
			offer(out, word, row->name);
		} else {
			offer(out, word, full);
			offer(out, word, whole);
		}
		free(full);
		free(whole);
	}
}

static void
offer_words(const char *words, const char *word, struct words *out)
{
	struct words list;

	words_split(&list, words);
	for (size_t i = 0; i < list.count; i++)
		offer(out, word, list.list[i]);
	words_clear(&list);
}

static void
offer_signals(const char *word, struct words *out)
{
	const char *name;

	for (size_t i = 0; (name = str_signal_listed(i)) != NULL; i++)
		offer(out, word, name);
}

static const struct taker {
	const char *verb;
	void (*offer)(const struct complete_source *, const char *word, struct words *out);
	const char *first, *always; /* words of the first place, and of any; or NULL */
	bool signal_first; /* and nothing else stands in the first place */
} takers[] = {
	{ "add", offer_new_groups, NULL, NULL, false },
	{ "clear", offer_processes, NULL, "all", false },
	{ "events", offer_processes, "--json", NULL, false },
	{ "fg", offer_processes, NULL, NULL, false },
	{ "maintail", NULL, "-f -n", NULL, false },
	{ "pid", offer_processes, NULL, "all", false },
	{ "remove", offer_groups, NULL, NULL, false },
	{ "restart", offer_processes, NULL, "all", false },
	{ "signal", offer_processes, NULL, "all", true },
	{ "start", offer_processes, NULL, "all", false },
	{ "status", offer_processes, "--json --watch", NULL, false },
	{ "stop", offer_processes, NULL, "all", false },
	{ "tail", offer_processes, "-f -n", "stdout stderr", false },
	{ "update", offer_groups, "--dry-run", "all", false },
};

/* The rows as they are now; none where they cannot be had. Nothing is printed. */
static struct server_rows
rows_now(void *session)
{
	struct session *s = session;
	struct server_rows rows = { 0 };
	struct answer a = ANSWER_NONE;
	char *why = NULL;

	if (server_reach(s->server, &why) == REACH_OK &&
	    server_rows(s->server, &rows, &a) == -1)
		rows = (struct server_rows){ 0 };
	answer_clear(&a);
	free(why);
	return rows;
}

static json_t *
config_now(void *session)
{
	struct session *s = session;
	struct answer a = ANSWER_NONE;
	json_t *config = NULL;
	char *why = NULL;

	if (server_reach(s->server, &why) == REACH_OK && server_config(s->server, &a) == 0)
		config = json_incref(a.result);
	answer_clear(&a);
	free(why);
	return config;
}

static void
offer_arguments(const struct taker *taker, bool is_first,
    const struct complete_source *source, const char *word, struct words *out)
{
	if (is_first && taker->signal_first) {
		offer_signals(word, out);
		return;
	}
	if (is_first && taker->first != NULL)
		offer_words(taker->first, word, out);
	if (taker->offer != NULL)
		taker->offer(source, word, out);
	if (taker->always != NULL)
		offer_words(taker->always, word, out);
}

void
complete_from(const struct complete_source *source, const char *line, struct words *out)
{
	const char *word = strrchr(line, ' ');
	struct words typed;
	size_t place;

	word = word != NULL ? word + 1 : line;
	words_split(&typed, line);
	if (typed.count == 0 || (typed.count == 1 && *word != '\0') ||
	    strcmp(typed.list[0], "help") == 0)
		offer_verbs(word, out);
	place = typed.count - (*word != '\0' ? 1 : 0);
	for (size_t i = 0; i < nitems(takers) && typed.count > 0 && word > line; i++)
		if (strcmp(takers[i].verb, typed.list[0]) == 0)
			offer_arguments(&takers[i], place == 1, source, word, out);
	words_clear(&typed);
}

void
complete(void *session, const char *line, struct words *out)
{
	const struct complete_source source = { rows_now, config_now, session };

	complete_from(&source, line, out);
}
