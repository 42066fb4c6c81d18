#include "ctl/commands/namespec.h"

#include "common/mem.h"

#include <fnmatch.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

bool
namespec_means(const char *spec, const struct process_info *row)
{
	size_t n = strcspn(spec, ":");

	if (strncmp(spec, row->group, n) != 0 || row->group[n] != '\0')
		return false;
	return namespec_is_group(spec) ||
	    strcmp(spec[n] == ':' ? spec + n + 1 : spec, row->name) == 0;
}

bool
namespec_any_means(const struct words *w, const struct process_info *row)
{
	bool means = w->all;

	for (size_t i = 0; i < w->count && !means; i++)
		means = namespec_means(w->list[i], row);
	return means;
}

const struct process_info *
namespec_find(const char *spec, const struct server_rows *rows)
{
	for (size_t i = 0; i < rows->count && !namespec_is_group(spec); i++)
		if (namespec_means(spec, rows->list[i]))
			return rows->list[i];
	return NULL;
}

bool
namespec_is_group(const char *spec)
{
	const char *colon = strchr(spec, ':');

	return colon != NULL && (colon[1] == '\0' || strcmp(colon, ":*") == 0);
}

/* "group:*" is supervisord's name for a group, and a pattern only if its group is one. */
bool
namespec_is_pattern(const char *word)
{
	const char *colon = strchr(word, ':');

	if (colon != NULL && strcmp(colon, ":*") == 0)
		return strcspn(word, "*?[") < (size_t)(colon - word);
	return strpbrk(word, "*?[") != NULL;
}

bool
namespec_has_pattern(const struct words *w, size_t first)
{
	for (size_t i = first; i < w->count; i++)
		if (namespec_is_pattern(w->list[i]))
			return true;
	return false;
}

/* Adds the processes whose name matches, with or without the group; if none, the word. */
static void
namespec_add_matches(
    struct words *into, const char *word, size_t from, const struct server_rows *rows)
{
	size_t before = into->count;

	for (size_t i = 0; i < rows->count; i++) {
		const struct process_info *row = rows->list[i];
		char *full = xasprintf("%s:%s", row->group, row->name);
		char *shown = namespec_join(row->group, row->name);

		if (fnmatch(word, full, 0) == 0 || fnmatch(word, shown, 0) == 0)
			words_add_from(into, shown, from);
		free(full);
		free(shown);
	}
	if (into->count == before)
		words_add_from(into, word, from);
}

/* Matches in a UTF-8 locale, because names are UTF-8: '?' is one character, not one
 * byte. */
void
namespec_expand(struct words *w, size_t first, const struct server_rows *rows)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = (locale_t)0;
	struct words out = { 0 };

	if (utf8 != (locale_t)0)
		before = uselocale(utf8);
	for (size_t i = 0; i < w->count; i++) {
		const char *word = w->list[i];

		if (i >= first && namespec_is_pattern(word) &&
		    namespec_find(word, rows) == NULL)
			namespec_add_matches(&out, word, i, rows);
		else
			words_add_from(&out, word, i);
	}
	out.all = w->all;
	words_clear(w);
	*w = out;
	if (utf8 == (locale_t)0)
		return;
	uselocale(before);
	freelocale(utf8);
}

void
namespec_expand_groups(struct words *w, const struct server_rows *rows)
{
	struct words out = { 0 };

	namespec_expand(w, 0, rows);
	for (size_t i = 0; i < w->count; i++) {
		if (!namespec_is_group(w->list[i]))
			words_add(&out, w->list[i]);
		for (size_t k = 0; k < rows->count && namespec_is_group(w->list[i]); k++) {
			char *spec =
			    namespec_join(rows->list[k]->group, rows->list[k]->name);

			if (namespec_means(w->list[i], rows->list[k]))
				words_add(&out, spec);
			free(spec);
		}
	}
	words_clear(w);
	*w = out;
}
