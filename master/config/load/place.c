#include "master/config/load/place.h"

#include "common/mem.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

/* Options that an error may miss, so that the section does not have them. */
static const char *const required[] = {
	"command", "events", "file", "password", "port", "process_name", "socket",
	"username",
};

/* True when the text is quoted there: an odd number of quotes stands before. */
static bool
place_is_quoted(const char *text, const char *at)
{
	bool quoted = false;

	for (; text < at; text++)
		quoted ^= *text == '\'';
	return quoted;
}

/* True when the error has the word, not within a quoted value nor in what says where. */
static bool
place_has_word(const char *text, const char *word)
{
	const char *where = strstr(text, " in section '");
	size_t n = strlen(word);

	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
		if ((where == NULL || at < where) &&
		    (at == text || strchr(" \"(", at[-1]) != NULL) &&
		    (at[n] == '\0' || strchr(" \"=),.:", at[n]) != NULL) &&
		    !place_is_quoted(text, at))
			return true;
	return false;
}

/* The option that the error is about: the one read last, unless its text names another of
 * the section or one that is missing. NULL = the section as a whole. */
const char *
conf_place_blamed(const struct conf_load *load)
{
	const char *key, *last = load->failed_key, *section = load->failed_section;
	size_t cursor = 0;

	/* What cannot be expanded stands in the option; the text also lists names. */
	if (section == NULL ||
	    (last != NULL &&
		(place_has_word(load->error, last) ||
		    str_starts(load->error, "Format string "))))
		return last;
	while (ini_next_value(load->ini, section, &cursor, &key) != NULL)
		if (place_has_word(load->error, key))
			return key;
	for (size_t i = 0; i < nitems(required); i++)
		if (place_has_word(load->error, required[i]))
			return required[i];
	return strncmp(load->error, "Invalid name", 12) == 0 ? NULL : last;
}

/* An error that begins or ends with the file's name needs no place, and without a file
 * there is none. */
bool
conf_place_helps(const struct conf_load *load)
{
	const char *file = load->config->file, *error = load->error;
	size_t n = strlen(error), length = file != NULL ? strlen(file) : 0;

	return load->failed_section != NULL ||
	    (file != NULL && !str_starts(error, file) &&
		(n < length || strcmp(error + n - length, file) != 0));
}

char *
conf_place(const struct conf_load *load, const char *section, const char *key)
{
	const char *file = load->config->file;
	size_t line = 0;

	if (section != NULL && !ini_where(load->ini, section, key, &file, &line))
		(void)ini_where(load->ini, section, NULL, &file, &line);
	return line > 0 ? xasprintf("%s:%zu", file, line) : xstrdup(file);
}

/* One line of what may be several: a line break and blanks at it become one blank. */
static void
place_join_lines(char *text)
{
	char *out = text;

	for (char *in = text; *in != '\0'; in++) {
		if (*in != '\n') {
			*out++ = *in;
			continue;
		}
		*out++ = ' ';
		while (in[1] == '\t' || in[1] == '\n' || in[1] == ' ')
			in++;
	}
	*out = '\0';
}

char *
conf_place_error(const struct conf_load *load, const char *key)
{
	char *place, *whole;

	if (conf_place_helps(load)) {
		place = conf_place(load, load->failed_section, key);
		whole = xasprintf("%s: %s", place, load->error);
		free(place);
	} else {
		whole = xstrdup(load->error);
	}
	place_join_lines(whole);
	return whole;
}
