#include "master/config/load/place.h"

#include "common/mem.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

const struct conf_required conf_required[] = {
	{ "command", "/bin/true" },
	{ "events", "EVENT" },
	{ "file", "/tmp/socket" },
	{ "password", "x" },
	{ "port", "9001" },
	{ "process_name", "%(program_name)s_%(process_num)s" },
	{ "role", "none" },
	{ "socket", "unix:///tmp/socket" },
	{ "username", "x" },
};
const size_t conf_required_count = nitems(conf_required);

/* Whether the text is quoted at this position: there are an odd number of quotes before. */
static bool
place_is_quoted(const char *text, const char *at)
{
	bool quoted = false;

	for (; text < at; text++)
		quoted ^= *text == '\'';
	return quoted;
}

/* Whether the error has the word outside of a quoted value and before "in section". */
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

const char *
conf_place_key(const struct conf_load *load)
{
	const char *key, *last = load->failed_key, *section = load->failed_section;
	size_t cursor = 0;

	/* The text of a failed expansion lists names that may be those of options. An error
	 * of our own is about the option read last. */
	if (section == NULL || load->is_ours ||
	    (last != NULL &&
		(place_has_word(load->error, last) ||
		    str_starts(load->error, "Format string "))))
		return last;
	while (ini_next_value(load->ini, section, &cursor, &key) != NULL)
		if (place_has_word(load->error, key))
			return key;
	for (size_t i = 0; i < nitems(conf_required); i++)
		if (place_has_word(load->error, conf_required[i].key))
			return conf_required[i].key;
	return strncmp(load->error, "Invalid name", 12) == 0 ? NULL : last;
}

bool
conf_place_is_useful(const struct conf_load *load)
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

/* Replaces each line break, and the blanks after it, by one blank. */
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

	if (conf_place_is_useful(load)) {
		place = conf_place(load, load->failed_section, key);
		whole = xasprintf("%s: %s", place, load->error);
		free(place);
	} else {
		whole = xstrdup(load->error);
	}
	place_join_lines(whole);
	return whole;
}

char *
conf_place_report(const struct conf_load *load)
{
	return load->is_ours ? conf_place_error(load, load->failed_key) :
			       xstrdup(load->error);
}
