#include "ctl/commands/reread.h"

#include "common/mem.h"
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"

#include <stdlib.h>
#include <string.h>

void
reread_show_pending(
    struct session *s, FILE *out, const json_t *result, bool counts, bool dry)
{
	const struct {
		const char *member, *effect;
		bool is_left; /* for later */
	} kinds[] = {
		{ "users", dry ? "would take effect at once" : "takes effect at once",
		    false },
		{ "reload", "needs reload", true },
		{ "start", "needs a restart of reeved", true },
	};
	bool found = false;
	json_t *text;
	size_t k;

	for (size_t i = 0; i < nitems(kinds) && !s->broken; i++)
		json_array_foreach(json_object_get(result, kinds[i].member), k, text) {
			fprintf(out, "%s: %s\n", json_string_value(text), kinds[i].effect);
			found |= kinds[i].is_left;
		}
	if (found && counts && s->status == EXIT_OK)
		s->status = EXIT_NEEDS_RELOAD;
}

static int
reread_compare(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/* Prints a line for each name, in code-point order; if several lists have a name, the last
 * one counts. */
static void
reread_show_changes(struct session *s, const json_t *result)
{
	static const struct {
		const char *member, *text;
	} changes[] = {
		{ "added", "available" },
		{ "changed", "changed" },
		{ "removed", "disappeared" },
	};
	json_t *all = json_object(), *name, *text;
	const char *key, **names;
	size_t i, count = 0;

	for (size_t c = 0; c < nitems(changes); c++)
		json_array_foreach(json_object_get(result, changes[c].member), i, name) {
			json_object_set_new(
			    all, json_string_value(name), json_string(changes[c].text));
		}
	if (json_object_size(all) == 0)
		fputs("No config updates to processes\n", s->out);
	names = xcalloc(json_object_size(all) + 1, sizeof(*names));
	json_object_foreach(all, key, text)
		names[count++] = key;
	qsort(names, count, sizeof(*names), reread_compare);
	for (i = 0; i < count; i++)
		fprintf(s->out, "%s: %s\n", names[i], reply_member(all, names[i]));
	free(names);
	json_decref(all);
}

void
reread_run(struct session *s, const char *args)
{
	struct reply r;

	if (!session_no_arguments(s, args) || !session_reach(s))
		return;
	if (session_replied(s, server_call(s->server, "config.reread", NULL, &r), &r, "")) {
		reread_show_changes(s, r.result);
		reread_show_pending(s, s->err, r.result, false, false);
	}
	s->unreadable = r.fault == FAULT_CANT_REREAD;
	reply_clear(&r);
}

void
reread_avail(struct session *s, const char *args)
{
	struct reply r;
	size_t i;
	json_t *row;

	if (!session_no_arguments(s, args) || !session_reach(s))
		return;
	(void)session_replied(s, server_get(s->server, SERVER_CONFIG, &r), &r, "");
	json_array_foreach(r.result, i, row) {
		char *spec =
		    namespec_join(reply_member(row, "group"), reply_member(row, "name"));

		show_padded(s->out, spec, 32);
		fprintf(s->out, " %-9s %-9s %lld:%lld\n",
		    json_is_true(json_object_get(row, "inuse")) ? "in use" : "avail",
		    json_is_true(json_object_get(row, "autostart")) ? "auto" : "manual",
		    (long long)json_integer_value(json_object_get(row, "group_prio")),
		    (long long)json_integer_value(json_object_get(row, "process_prio")));
		free(spec);
	}
	reply_clear(&r);
}

/* The commands add and remove. */
void
reread_each(struct session *s, const char *args)
{
	bool adds = strcmp(s->command->name, "add") == 0;
	struct words names;
	struct reply r;

	if (!session_reach(s))
		return;
	words_split(&names, args);
	for (size_t i = 0; i < names.count && !s->broken; i++) {
		const char *name = names.list[i];

		if (session_replied(s,
			server_call(s->server, adds ? "group.add" : "group.remove",
			    json_pack("{ss}", "name", name), &r),
			&r, name))
			fprintf(s->out, "%s: %s process group\n", name,
			    adds ? "added" : "removed");
		reply_clear(&r);
	}
	words_clear(&names);
}
