#include "ctl/commands/words.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

void
words_add_from(struct words *w, const char *word, size_t from)
{
	w->list = xreallocarray(w->list, w->count + 1, sizeof(*w->list));
	w->from = xreallocarray(w->from, w->count + 1, sizeof(*w->from));
	w->from[w->count] = from;
	w->list[w->count++] = xstrdup(word);
	w->all = w->all || strcmp(word, "all") == 0;
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

bool
words_have(const struct words *w, const char *word)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->list[i], word) == 0)
			return true;
	return false;
}

void
words_drop(struct words *w, size_t at)
{
	if (at >= w->count)
		return;
	free(w->list[at]);
	for (w->count--; at < w->count; at++) {
		w->list[at] = w->list[at + 1];
		w->from[at] = w->from[at + 1];
	}
	w->all = words_have(w, "all");
}

bool
words_take(struct words *w, const char *word)
{
	size_t before = w->count;

	for (size_t i = w->count; i-- > 0;)
		if (strcmp(w->list[i], word) == 0)
			words_drop(w, i);
	return w->count < before;
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
words_run(const struct words *w, size_t at)
{
	size_t n = 1;

	while (at + n < w->count && w->from[at + n] == w->from[at])
		n++;
	return n;
}
