#include "master/config/command/command_line.h"

#include "common/mem.h"
#include "common/str.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_PATH "/bin:/usr/bin:/usr/local/bin"
#define BLANKS " \t\r\n" /* shlex knows no others */

struct splitter {
	const char *in;
	char *out;
	const char *why;
};

static int
command_line_fail_split(struct splitter *split, const char *why)
{
	split->why = why;
	return -1;
}

/* Reads the character after a backslash. In double quotes (`quote`) the backslash stays,
 * unless it escapes a quote or another backslash. */
static int
command_line_take_escaped(struct splitter *split, char quote)
{
	char c = *split->in;

	if (c == '\0')
		return command_line_fail_split(split, "No escaped character");
	split->in++;
	if (quote != '\0' && c != '\\' && c != quote)
		*split->out++ = '\\';
	*split->out++ = c;
	return 0;
}

static int
command_line_take_quoted(struct splitter *split, char quote)
{
	char c;

	while ((c = *split->in) != quote) {
		if (c == '\0')
			return command_line_fail_split(split, "No closing quotation");
		split->in++;
		if (c != '\\' || quote == '\'')
			*split->out++ = c;
		else if (command_line_take_escaped(split, quote) == -1)
			return -1;
	}
	split->in++;
	return 0;
}

/* Writes the next word and its NUL: 1, 0 at the end, or -1. */
static int
command_line_take_word(struct splitter *split)
{
	int failed = 0;
	char c;

	split->in += strspn(split->in, BLANKS);
	if (*split->in == '\0')
		return 0;
	while (!failed && (c = *split->in) != '\0' && strchr(BLANKS, c) == NULL) {
		split->in++;
		if (c == '\\')
			failed = command_line_take_escaped(split, '\0');
		else if (c == '\'' || c == '"')
			failed = command_line_take_quoted(split, c);
		else
			*split->out++ = c;
	}
	*split->out++ = '\0';
	return failed ? -1 : 1;
}

char **
command_line_split(const char *text, const char **why)
{
	size_t len = strlen(text), most = len / 2 + 2, n = 0;
	struct splitter split = { .in = text };
	char **words, *word;
	int got;

	/* One block: the array, then the words. No word is longer than its source. */
	if ((words = malloc(most * sizeof(*words) + len + 1)) == NULL) {
		*why = "Cannot allocate memory";
		return NULL;
	}
	split.out = (char *)(words + most);
	while (word = split.out, (got = command_line_take_word(&split)) == 1)
		words[n++] = word;
	words[n] = NULL;
	if (got == -1) {
		*why = split.why;
		free(words);
		return NULL;
	}
	return words;
}

/* New: before, a blank, the quoted object, after, more; NULL if out of memory. */
static char *
command_line_explain(
    const char *before, const char *object, const char *after, const char *more)
{
	char *quoted, *text;

	if ((quoted = str_repr(object)) == NULL)
		return NULL;
	text = mem_printf("%s %s%s%s", before, quoted, after, more);
	free(quoted);
	return text;
}

/* New: the path of the word itself if it has a slash, else of the first existing file of
 * that name in the directories, executable or not; NULL = none. */
static char *
command_line_locate(const char *word, const char *dirs, struct stat *st)
{
	char *path;
	size_t len;

	if (strchr(word, '/') != NULL)
		return stat(word, st) == 0 ? strdup(word) : NULL;
	for (;; dirs += len + 1) {
		len = strcspn(dirs, ":");
		path = mem_printf("%.*s%s%s", (int)len, dirs,
		    len == 0 || dirs[len - 1] == '/' ? "" : "/", word);
		if (path == NULL || stat(path, st) == 0)
			return path;
		free(path);
		if (dirs[len] == '\0')
			return NULL;
	}
}

/* FAULT_NONE when the file may be executed, else the fault with *why new. */
static enum fault
command_line_resolve_word(
    const char *word, const char *path_variable, struct command_line *command, char **why)
{
	struct stat st;
	char *path = command_line_locate(
	    word, path_variable != NULL ? path_variable : DEFAULT_PATH, &st);

	command->path = path;
	if (path == NULL)
		*why = command_line_explain("can't find command", word, "", "");
	else if (S_ISDIR(st.st_mode))
		*why = command_line_explain("command at", path, " is a directory", "");
	else if ((st.st_mode & 0111) == 0)
		*why = command_line_explain("command at", path, " is not executable", "");
	else if (access(path, X_OK) == -1)
		*why = command_line_explain("no permission to run command", path, "", "");
	else
		return FAULT_NONE;
	return path == NULL ? FAULT_NO_FILE : FAULT_NOT_EXECUTABLE;
}

enum fault
command_line_resolve(
    const char *text, const char *path_variable, struct command_line *command, char **why)
{
	enum fault fault = FAULT_NOT_EXECUTABLE;
	const char *problem;

	*command = (struct command_line){ .argv = NULL };
	*why = NULL;
	if ((command->argv = command_line_split(text, &problem)) == NULL)
		*why = command_line_explain("can't parse command", text, ": ", problem);
	else if (command->argv[0] == NULL)
		*why = strdup("command is empty");
	else
		fault = command_line_resolve_word(
		    command->argv[0], path_variable, command, why);
	if (fault != FAULT_NONE)
		command_line_clear(command);
	return fault;
}

const char *
command_line_search_path(const char *configured)
{
	const char *path = configured != NULL ? configured : getenv("PATH");

	return path == NULL || (configured == NULL && *path == '\0') ? NULL : path;
}

void
command_line_clear(struct command_line *command)
{
	free(command->argv);
	free(command->path);
	*command = (struct command_line){ .argv = NULL };
}
