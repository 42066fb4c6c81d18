#include "common/ini_line.h"

#include "common/mem.h"
#include "common/str.h"
#include "common/utf8.h"

#include <stdlib.h>
#include <string.h>

size_t
ini_line_trimmed(const char *text, size_t n)
{
	size_t len;

	while ((len = utf8_space_last(text, n)) > 0)
		n -= len;
	return n;
}

/* Returns where the inline comment begins, or n. As Python does, each round searches for
 * both marks behind their previous hits, and the first round that finds a comment ends the
 * search, even if a later round would find one further left. */
static size_t
ini_line_comment(const char *s, size_t n)
{
	static const char marks[] = { ';', '#' };
	size_t at[nitems(marks)] = { 0, 0 }, best = n;
	bool more = true;

	while (best == n && more) {
		more = false;
		for (size_t i = 0; i < nitems(marks); i++) {
			const char *hit =
			    at[i] < n ? memchr(s + at[i], marks[i], n - at[i]) : NULL;
			size_t where;

			if (hit == NULL) {
				at[i] = n;
				continue;
			}
			where = (size_t)(hit - s);
			at[i] = where + 1;
			more = true;
			if ((where == 0 || utf8_space_last(s, where) > 0) && where < best)
				best = where;
		}
	}
	return best;
}

static void
ini_line_measure(struct ini_line *line)
{
	const char *s = line->start;
	size_t n = line->whole, skip = 0, len, end;

	line->indent = 0;
	while ((len = utf8_space_first(s + skip, n - skip)) > 0) {
		skip += len;
		line->indent++;
	}
	end = ini_line_comment(s, n);
	if (skip < n && (s[skip] == ';' || s[skip] == '#'))
		end = skip;
	line->comment = end < n;
	if (skip > end)
		skip = end;
	line->content = s + skip;
	line->length = ini_line_trimmed(s + skip, end - skip);
}

bool
ini_line_next(const char *text, size_t n, size_t *offset, struct ini_line *line)
{
	size_t end = *offset;

	if (*offset >= n)
		return false;
	while (end < n && text[end] != '\n' && text[end] != '\r')
		end++;
	line->number++;
	line->start = text + *offset;
	line->whole = end - *offset;
	line->ended = end < n;
	if (end < n)
		end += end + 1 < n && text[end] == '\r' && text[end + 1] == '\n' ? 2 : 1;
	*offset = end;
	ini_line_measure(line);
	return true;
}

char *
ini_line_header(const struct ini_line *line)
{
	const char *last;

	if (line->content[0] != '[')
		return NULL;
	last = memrchr(line->content, ']', line->length);
	if (last == NULL || last < line->content + 2)
		return NULL;
	return xstrndup(line->content + 1, (size_t)(last - line->content - 1));
}

bool
ini_line_option(const struct ini_line *line, char **key, char **value)
{
	const char *s = line->content, *end = s + line->length, *mark = s;
	size_t len;

	while (mark < end && *mark != '=' && *mark != ':')
		mark++;
	if (mark == end)
		return false;
	*key = xstrndup(s, ini_line_trimmed(s, (size_t)(mark - s)));
	str_lower(*key);
	for (mark++; (len = utf8_space_first(mark, (size_t)(end - mark))) > 0;)
		mark += len;
	*value = xstrndup(mark, (size_t)(end - mark));
	return true;
}

char *
ini_line_repr(const struct ini_line *line)
{
	char *text =
	    xasprintf("%.*s%s", (int)line->whole, line->start, line->ended ? "\n" : "");
	char *shown = str_repr(text);

	free(text);
	return shown;
}

char *
ini_line_check(const char *path, const char *text, size_t n)
{
	struct ini_line line = { .number = 0 };
	size_t offset = 0;

	while (ini_line_next(text, n, &offset, &line)) {
		if (memchr(line.start, '\0', line.whole) != NULL)
			return xasprintf(
			    "%s: line %zu contains a NUL character", path, line.number);
		if (!str_is_utf8(line.start, line.whole))
			return xasprintf(
			    "%s: line %zu is not valid UTF-8", path, line.number);
	}
	return NULL;
}
