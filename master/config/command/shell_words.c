#include "master/config/command/shell_words.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/command/command_line.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"
#define USE_SHELL "use /bin/sh -c \"...\""

/* Builtins that work only in a shell. */
static const char *const builtins[] = {
	".", "alias", "cd", "eval", "exec", "export", "for", "if", "pushd", "set", "shopt",
	"source", "trap", "ulimit", "umask", "unset", "until", "while",
};

static const char *const operators[] = { "&", "&&", "|", "||", "|&", ";", ";;", "(", ")" };

/* Programs with a script after their option -c, -e, -r or -S. */
static const char *const interpreters[] = {
	"ash", "bash", "busybox", "chroot", "csh", "dash", "env", "fish", "flock", "ksh",
	"lua", "mksh", "node", "nodejs", "perl", "php", "python", "ruby", "runuser", "rush",
	"script", "sh", "su", "tclsh", "tcsh", "zsh",
};

/* Programs that pass all their words to a shell, here or on another machine. */
static const char *const forwarders[] = { "autossh", "rsh", "ssh", "sshpass", "watch" };

/* Programs whose own language has $NAME. */
static const char *const languages[] = { "awk", "gawk", "jq", "mawk", "nawk" };

/* One word with its quotes. */
struct word {
	const char *start;
	size_t length;
	bool quoted;  /* in part, or has a backslash */
	bool program; /* the first word */
	bool script;  /* a script for another program, which expands it */
	/* A word before it names one of these. */
	bool interpreter, forwarder, language;
};

static bool
shell_words_is_one_of(const char *const *list, size_t count, const struct word *word)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == word->length &&
		    memcmp(list[i], word->start, word->length) == 0)
			return true;
	return false;
}

/* The end of the quoted part that begins at `at`, in a command whose quotes match. */
static const char *
shell_words_skip_quoted(const char *at)
{
	char quote = *at++;

	while (*at != '\0' && *at != quote)
		at += *at == '\\' && quote == '"' && at[1] != '\0' ? 2 : 1;
	return *at == '\0' ? at : at + 1;
}

/* The name of the file without its directory and a version such as the 3.11 of
 * python3.11. */
static struct word
shell_words_name_of(const struct word *word)
{
	struct word name = *word;

	for (size_t i = 0; i < word->length; i++)
		if (word->start[i] == '/')
			name.start = word->start + i + 1;
	name.length = (size_t)(word->start + word->length - name.start);
	while (name.length > 0 &&
	    (isdigit((unsigned char)name.start[name.length - 1]) ||
		name.start[name.length - 1] == '.'))
		name.length--;
	return name;
}

/* Whether the word is a script: it follows an option such as -c, -lc, -e or -S. For a
 * program that is no known interpreter it must also have a blank. */
static bool
shell_words_is_script(const struct word *word, const struct word *last)
{
	if (word->forwarder || (word->language && word->quoted))
		return true;
	if (last->start == NULL || last->length < 2 || last->length > 4 ||
	    last->start[0] != '-' || strchr("cerS", last->start[last->length - 1]) == NULL)
		return false;
	for (size_t i = 0; i < word->length; i++)
		if (strchr(BLANKS, word->start[i]) != NULL)
			return true;
	return word->interpreter;
}

static bool
shell_words_next_word(const char **at, struct word *word)
{
	const struct word last = *word;
	const struct word name = last.start != NULL ? shell_words_name_of(&last) : last;

	*word = (struct word){
		.program = last.start == NULL,
		.interpreter = last.interpreter ||
		    shell_words_is_one_of(interpreters, nitems(interpreters), &name),
		.forwarder = last.forwarder ||
		    shell_words_is_one_of(forwarders, nitems(forwarders), &name),
		.language = last.language ||
		    shell_words_is_one_of(languages, nitems(languages), &name),
	};
	*at += strspn(*at, BLANKS);
	word->start = *at;
	while (**at != '\0' && strchr(BLANKS, **at) == NULL) {
		if (**at == '\'' || **at == '"') {
			word->quoted = true;
			*at = shell_words_skip_quoted(*at);
		} else {
			word->quoted |= **at == '\\';
			*at += **at == '\\' && (*at)[1] != '\0' ? 2 : 1;
		}
	}
	word->length = (size_t)(*at - word->start);
	word->script = shell_words_is_script(word, &last);
	return word->length > 0;
}

/* NAME=value. */
static bool
shell_words_is_assignment(const struct word *word)
{
	size_t n = 0;

	while (n < word->length &&
	    (isalnum((unsigned char)word->start[n]) || word->start[n] == '_'))
		n++;
	return n > 0 && n < word->length && word->start[n] == '=' &&
	    !isdigit((unsigned char)word->start[0]);
}

/* >file, 2>&1, &>file, <file. */
static bool
shell_words_is_redirection(const struct word *word)
{
	size_t n = 0;

	while (n < word->length && isdigit((unsigned char)word->start[n]))
		n++;
	if (n == 0 && word->length > 1 && word->start[0] == '&')
		n = 1;
	return n < word->length && (word->start[n] == '>' || word->start[n] == '<');
}

/* Whether a shell would find an operator within the word. A single & or |, or a > before a
 * name, does not count: it is more often part of an address or a pattern. */
static bool
shell_words_has_operator(const struct word *word)
{
	static const char *const inside[] = { "&&", ">/dev/", ">&" };

	if (strchr(";&|", word->start[word->length - 1]) != NULL ||
	    strncmp(word->start, "||", 2) == 0)
		return true;
	for (size_t i = 0; i < nitems(inside); i++)
		if (memmem(word->start, word->length, inside[i], strlen(inside[i])) != NULL)
			return true;
	return false;
}

/* The first $NAME, ${, $( or backquote outside of single quotes; NULL = none. */
static const char *
shell_words_find_substitution(const struct word *word)
{
	const char *end = word->start + word->length;
	char quote = '\0';

	for (const char *c = word->start; c < end; c++) {
		if (quote == '\0' && (*c == '\'' || *c == '"'))
			quote = *c;
		else if (*c == quote)
			quote = '\0';
		else if (*c == '\\' && quote != '\'')
			c++;
		else if (quote != '\'' &&
		    (*c == '`' ||
			(*c == '$' && c + 1 < end &&
			    (isalpha((unsigned char)c[1]) || strchr("_{(", c[1]) != NULL))))
			return c;
	}
	return NULL;
}

/* The length of $NAME or ${NAME}. */
static size_t
shell_words_substitution_length(const char *at, const struct word *word)
{
	size_t most = (size_t)(word->start + word->length - at), n = 1;

	if (most > 1 && (at[1] == '{' || at[1] == '(')) {
		while (n < most && at[n] != '}' && at[n] != ')')
			n++;
		return n < most ? n + 1 : n;
	}
	while (n < most && (isalnum((unsigned char)at[n]) || at[n] == '_'))
		n++;
	return n;
}

static char *
shell_words_describe_substitution(const struct word *word)
{
	const char *at = shell_words_find_substitution(word);

	if (at == NULL || word->script)
		return NULL;
	if (*at == '`' || at[1] == '(')
		return xasprintf("command has a command substitution, which only a shell "
				 "runs; " USE_SHELL);
	return xasprintf("command has %.*s, which is not expanded; use %%(ENV_NAME)s or "
			 "/bin/sh -c \"...\"",
	    (int)shell_words_substitution_length(at, word), at);
}

static char *
shell_words_describe_program(const struct word *word)
{
	if (shell_words_is_assignment(word))
		return xasprintf("command begins with the assignment %.*s; use "
				 "environment= or /usr/bin/env",
		    (int)word->length, word->start);
	if (shell_words_is_one_of(builtins, nitems(builtins), word))
		return xasprintf("command begins with %.*s, which is part of the shell; "
				 "use %s or " USE_SHELL,
		    (int)word->length, word->start,
		    word->length == 2 && word->start[0] == 'c' ? "directory=" :
								 "environment=");
	return NULL;
}

static char *
shell_words_describe_unquoted(const struct word *word)
{
	if (shell_words_is_one_of(operators, nitems(operators), word) ||
	    shell_words_is_redirection(word) || shell_words_has_operator(word))
		return xasprintf("command has %.*s, which the program receives as an "
				 "argument; " USE_SHELL,
		    (int)word->length, word->start);
	if (word->start[0] == '~' && (word->length == 1 || word->start[1] == '/'))
		return xasprintf("command has %.*s, whose ~ is not expanded; write the "
				 "directory's path",
		    (int)word->length, word->start);
	return NULL;
}

char *
conf_shell_find(const char *command)
{
	struct word word = { .start = NULL };
	const char *at = command, *why;
	char **words = command_line_split(command, &why), *text = NULL;

	if (words == NULL)
		return xasprintf("can't parse command: %s", why);
	free(words);
	while (text == NULL && shell_words_next_word(&at, &word)) {
		text = shell_words_describe_substitution(&word);
		if (text == NULL && word.program)
			text = shell_words_describe_program(&word);
		if (text == NULL && !word.quoted && !word.script)
			text = shell_words_describe_unquoted(&word);
	}
	return text;
}
