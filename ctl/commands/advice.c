#include "ctl/commands/advice.h"

#include "common/mem.h"
#include "common/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ADVICE_WORD 64  /* bytes; longer words are not compared */
#define ADVICE_PREFIX 3 /* bytes of a beginning that means the whole word */

/* Ignores case, which rarely makes another word. */
static bool
advice_same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t
advice_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The edit distance: letters to replace, insert, delete, or swap with the next one. */
static size_t
advice_distance(const char *a, const char *b)
{
	size_t rows[3][ADVICE_WORD + 1], n = strlen(a), m = strlen(b);
	size_t *before = rows[0], *last = rows[1], *now = rows[2], *spare;

	for (size_t k = 0; k <= m; k++)
		last[k] = k;
	for (size_t i = 1; i <= n; i++) {
		now[0] = i;
		for (size_t k = 1; k <= m; k++) {
			bool same = advice_same_letter(a[i - 1], b[k - 1]);

			now[k] = advice_least(
			    last[k - 1] + !same, advice_least(last[k], now[k - 1]) + 1);
			if (i > 1 && k > 1 && advice_same_letter(a[i - 1], b[k - 2]) &&
			    advice_same_letter(a[i - 2], b[k - 1]))
				now[k] = advice_least(now[k], before[k - 2] + 1);
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[m];
}

char *
advice_nearest(const char *word, const struct words *known)
{
	size_t n = strlen(word), nearest = (n + 2) / 4 + 1;
	const char *found = NULL;

	if (n > ADVICE_WORD)
		return NULL;
	for (size_t i = 0; i < known->count; i++) {
		const char *other = known->list[i];
		size_t far;

		if (strlen(other) > ADVICE_WORD)
			continue;
		far = n >= ADVICE_PREFIX && str_starts(other, word) ?
		    0 :
		    advice_distance(word, other);
		if (far < nearest && far < n) {
			nearest = far;
			found = other;
		}
	}
	return found != NULL ? xstrdup(found) : NULL;
}

/* New: the right form of a name of an existing group or process, or NULL. */
static char *
advice_other_form(const char *group, const char *name, enum advice_about about,
    const struct server_rows *rows)
{
	const struct process_info *of_group = NULL, *of_name = NULL, *found;

	/* The first process of the group, and the first of that name in any group. */
	for (size_t i = rows->count; i-- > 0;) {
		if (strcmp(rows->list[i]->group, group) == 0)
			of_group = rows->list[i];
		if (strcmp(rows->list[i]->name, name != NULL ? name : group) == 0)
			of_name = rows->list[i];
	}
	found = of_group != NULL ? of_group : of_name;
	if (found == NULL)
		return NULL;
	if (about == ADVICE_GROUPS)
		return xstrdup(found->group);
	if (of_group != NULL && about == ADVICE_PROCESSES &&
	    (name == NULL || strcmp(group, name) == 0))
		return xasprintf("%s:*", group);
	if (of_group != NULL && name != NULL && strcmp(group, name) != 0)
		found = of_name;
	return found != NULL ? namespec_join(found->group, found->name) : NULL;
}

/* Adds every name that the command accepts. */
static void
advice_add_names(
    struct words *known, enum advice_about about, const struct server_rows *rows)
{
	const char *last = "";

	for (size_t i = 0; i < rows->count; i++) {
		const struct process_info *row = rows->list[i];
		bool fresh = strcmp(row->group, last) != 0;
		char *name = about == ADVICE_GROUPS ? xstrdup(row->group) :
						      namespec_join(row->group, row->name);

		if (about != ADVICE_GROUPS || fresh)
			words_add(known, name);
		free(name);
		name = xasprintf("%s:*", row->group);
		if (about == ADVICE_PROCESSES && fresh)
			words_add(known, name);
		free(name);
		last = row->group;
	}
}

char *
advice_name(const char *spec, enum advice_about about, const struct server_rows *rows,
    const struct words *more)
{
	struct words known = { 0 };
	char *group, *name, *meant;

	namespec_split(spec, &group, &name);
	meant = advice_other_form(group, name, about, rows);
	if (meant == NULL || strcmp(meant, spec) == 0) {
		free(meant);
		advice_add_names(&known, about, rows);
		for (size_t i = 0; more != NULL && i < more->count; i++)
			words_add(&known, more->list[i]);
		meant = advice_nearest(spec, &known);
	}
	words_clear(&known);
	free(group);
	free(name);
	return meant;
}
