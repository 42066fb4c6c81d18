#include "ctl/commands/namespec.h"

#include "common/mem.h"
#include "common/str.h"

#include <fnmatch.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static void
words_add_from(struct words *w, const char *word, size_t from)
{
	w->list = xreallocarray(w->list, w->count + 1, sizeof(*w->list));
	w->from = xreallocarray(w->from, w->count + 1, sizeof(*w->from));
	w->from[w->count] = from;
	w->list[w->count++] = xstrdup(word);
	if (strcmp(word, "all") == 0)
		w->all = true;
}

void
words_add(struct words *w, const char *word)
{
	words_add_from(w, word, w->count > 0 ? w->from[w->count - 1] + 1 : 0);
}

void
words_split(struct words *w, const char *text)
{
	char *copy = xstrdup(text), *rest = copy, *word;

	*w = (struct words){ 0 };
	while ((word = strsep(&rest, " \t\r\n\v\f")) != NULL)
		if (*word != '\0')
			words_add(w, word);
	free(copy);
}

void
words_clear(struct words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->list[i]);
	free(w->list);
	free(w->from);
	*w = (struct words){ 0 };
}

void
words_drop(struct words *w, size_t at)
{
	free(w->list[at]);
	for (w->count--; at < w->count; at++) {
		w->list[at] = w->list[at + 1];
		w->from[at] = w->from[at + 1];
	}
	w->all = false;
	for (size_t i = 0; i < w->count; i++)
		w->all = w->all || strcmp(w->list[i], "all") == 0;
}

void
words_shift(struct words *w)
{
	if (w->count > 0)
		words_drop(w, 0);
}

bool
words_take(struct words *w, const char *word)
{
	bool found = false;

	for (size_t i = 0; i < w->count;) {
		if (strcmp(w->list[i], word) == 0) {
			words_drop(w, i);
			found = true;
		} else {
			i++;
		}
	}
	return found;
}

/* "group:*" is supervisord's own word for a group, if no pattern is the group. */
bool
namespec_is_pattern(const char *word)
{
	const char *colon = strchr(word, ':');

	if (colon != NULL && strcmp(colon, ":*") == 0)
		return strcspn(word, "*?[") < (size_t)(colon - word);
	return strpbrk(word, "*?[") != NULL;
}

bool
namespec_is_group(const char *word)
{
	const char *colon = strchr(word, ':');

	return colon != NULL && (colon[1] == '\0' || strcmp(colon, ":*") == 0);
}

bool
namespec_has_pattern(const struct words *w, size_t first)
{
	for (size_t i = first; i < w->count; i++)
		if (namespec_is_pattern(w->list[i]))
			return true;
	return false;
}

/* The name as it is shown, or with its group. */
static bool
namespec_matches(const char *pattern, const struct process_info *row)
{
	char *full = xasprintf("%s:%s", row->group, row->name);
	bool fits = fnmatch(pattern, full, 0) == 0 ||
	    (str_equal(row->group, row->name) && fnmatch(pattern, row->name, 0) == 0);

	free(full);
	return fits;
}

const struct process_info *
namespec_find(const char *spec, const struct server_rows *rows)
{
	const struct process_info *found = NULL;
	char *group, *name;

	namespec_split(spec, &group, &name);
	for (size_t i = 0; i < rows->count && name != NULL && found == NULL; i++)
		if (str_equal(rows->list[i]->group, group) &&
		    str_equal(rows->list[i]->name, name))
			found = rows->list[i];
	free(group);
	free(name);
	return found;
}

static void
namespec_expand_one(struct words *into, const char *word, size_t from,
    const struct server_rows *rows)
{
	size_t before = into->count;

	for (size_t i = 0; i < rows->count; i++) {
		char *spec;
		if (!namespec_matches(word, rows->list[i]))
			continue;
		spec = namespec_join(rows->list[i]->group, rows->list[i]->name);
		words_add_from(into, spec, from);
		free(spec);
	}
	if (into->count == before)
		words_add_from(into, word, from);
}

char *
words_join(const struct words *w, size_t from, size_t count, const char *between)
{
	size_t bytes = 1, gap = strlen(between);
	char *text, *at;

	for (size_t i = from; i < from + count; i++)
		bytes += strlen(w->list[i]) + gap;
	at = text = xmalloc(bytes);
	*at = '\0';
	for (size_t i = from; i < from + count; i++)
		at = stpcpy(stpcpy(at, i > from ? between : ""), w->list[i]);
	return text;
}

size_t
words_of_pattern(const struct words *w, size_t at)
{
	size_t n = 1;

	while (at + n < w->count && w->from[at + n] == w->from[at])
		n++;
	return n;
}

/* Names are UTF-8 whatever the user's locale: there '?' is a letter of any script. */
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

		if (i >= first && namespec_is_pattern(word) && namespec_find(word,
		    rows) == NULL)
			namespec_expand_one(&out, word, i, rows);
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

static void
namespec_add_group(struct words *w, const char *group, const struct server_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct process_info *row = rows->list[i];
		char *spec = namespec_join(row->group, row->name);

		if (strcmp(row->group, group) == 0)
			words_add(w, spec);
		free(spec);
	}
}

void
namespec_expand_groups(struct words *w, const struct server_rows *rows)
{
	struct words out = { 0 }, expanded;

	namespec_expand(w, 0, rows);
	for (size_t i = 0; i < w->count; i++) {
		char *group, *name;

		namespec_split(w->list[i], &group, &name);
		if (name == NULL)
			namespec_add_group(&out, group, rows);
		else
			words_add(&out, w->list[i]);
		free(group);
		free(name);
	}
	expanded = *w;
	*w = out;
	words_clear(&expanded);
}
