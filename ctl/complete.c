#include "ctl/complete.h"

#include "common/mem.h"
#include "common/str.h"
#include "ctl/session.h"
#include "ctl/verbs.h"

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
offer_groups(const struct server_rows *rows, const char *word, struct words *out)
{
	for (size_t i = 0; i < rows->count; i++)
		offer(out, word, rows->list[i]->group);
}

/* A process under its own name; with its group, and the whole group, where it has one of
 * another name or a colon was typed. */
static void
offer_processes(const struct server_rows *rows, const char *word, struct words *out)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct process_info *row = rows->list[i];
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

static const struct {
	const char *verb;
	void (*offer)(const struct server_rows *, const char *word, struct words *out);
} takers[] = {
	{ "add", offer_groups },
	{ "clear", offer_processes },
	{ "events", offer_processes },
	{ "fg", offer_processes },
	{ "pid", offer_processes },
	{ "remove", offer_groups },
	{ "restart", offer_processes },
	{ "signal", offer_processes },
	{ "start", offer_processes },
	{ "status", offer_processes },
	{ "stop", offer_processes },
	{ "tail", offer_processes },
	{ "update", offer_groups },
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

void
complete_from(complete_rows_fn *rows_of, void *ctx, const char *line, struct words *out)
{
	const char *word = strrchr(line, ' ');
	struct server_rows rows;
	struct words typed;

	word = word != NULL ? word + 1 : line;
	words_split(&typed, line);
	if (typed.count == 0 || (typed.count == 1 && *word != '\0') ||
	    strcmp(typed.list[0], "help") == 0)
		offer_verbs(word, out);
	for (size_t i = 0; i < nitems(takers) && typed.count > 0 && word > line; i++)
		if (strcmp(takers[i].verb, typed.list[0]) == 0) {
			rows = rows_of(ctx);
			takers[i].offer(&rows, word, out);
		}
	words_clear(&typed);
}

void
complete(void *session, const char *line, struct words *out)
{
	complete_from(rows_now, session, line, out);
}
