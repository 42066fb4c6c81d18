#include "master/config/values/environment_list.h"

#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/utf8.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NO_QUOTE "No closing quotation"
#define NO_ESCAPED "No escaped character"

/* Splits a text into tokens. */
struct lexer {
	const char *at;
	struct buf token;
	const char *why; /* static: how the text is malformed; NULL = it is not, so far */
};

/* The number of bytes of the character at s; a byte that is not UTF-8 is one of its own. */
static size_t
environment_list_char_at(const char *s, uint32_t *code)
{
	size_t n = utf8_decode(s, strnlen(s, UTF8_MAX), code);

	if (n == 0)
		*code = UINT32_MAX;
	return n > 0 ? n : 1;
}

/* The number of bytes of the word character at s, or 0. Beyond ASCII, word characters are
 * the letters of Latin-1: U+00C0 to U+00FF without the two arithmetic signs. */
static size_t
environment_list_word_at(const char *s)
{
	uint32_t code;
	size_t n = environment_list_char_at(s, &code);
	bool is_word = code >= 0xc0 && code <= 0xff && code != 0xd7 && code != 0xf7;

	if (code < 0x80)
		is_word = isalnum((int)code) || strchr("_/.+-():", (int)code) != NULL;
	return is_word ? n : 0;
}

static void
environment_list_take(struct lexer *lexer, size_t n)
{
	mem_must(buf_append(&lexer->token, lexer->at, n));
	lexer->at += n;
}

static void
environment_list_take_char(struct lexer *lexer)
{
	uint32_t code;

	environment_list_take(lexer, environment_list_char_at(lexer->at, &code));
}

/* Reads from an opening quote to the closing one. */
static void
environment_list_quoted(struct lexer *lexer, char quote)
{
	lexer->at++;
	while (*lexer->at != '\0' && *lexer->at != quote) {
		if (*lexer->at == '\\' && quote == '"') {
			if (lexer->at[1] == '\0') {
				lexer->why = NO_ESCAPED;
				return;
			}
			if (lexer->at[1] == '"' || lexer->at[1] == '\\')
				lexer->at++;
			else
				environment_list_take(lexer, 1);
		}
		environment_list_take_char(lexer);
	}
	if (*lexer->at == '\0')
		lexer->why = NO_QUOTE;
	else
		lexer->at++;
}

/* Reads the rest of a word. */
static void
environment_list_word(struct lexer *lexer)
{
	size_t n;

	while (lexer->why == NULL) {
		char c = *lexer->at;

		if (c == '"' || c == '\'')
			environment_list_quoted(lexer, c);
		else if (c == '\\' && *++lexer->at == '\0')
			lexer->why = NO_ESCAPED;
		else if (c == '\\')
			environment_list_take_char(lexer);
		else if ((n = environment_list_word_at(lexer->at)) > 0)
			environment_list_take(lexer, n);
		else
			return;
	}
}

/* The next token, new; NULL at the end or with lexer->why set. */
static char *
environment_list_next(struct lexer *lexer)
{
	char *token;

	for (;; lexer->at++) {
		if (*lexer->at == '#')
			lexer->at += strcspn(lexer->at, "\n");
		if (*lexer->at == '\0')
			return NULL;
		if (strchr(" \t\r\n", *lexer->at) == NULL)
			break;
	}
	if (environment_list_word_at(lexer->at) > 0 || strchr("\"'\\", *lexer->at) != NULL)
		environment_list_word(lexer);
	else
		environment_list_take_char(lexer);
	if (lexer->why != NULL)
		return NULL;
	token = buf_steal(&lexer->token);
	mem_must(token == NULL);
	return token;
}

/* Reads the token that separates two pairs, whatever it is. False at the end or with
 * lexer->why set. */
static bool
environment_list_separator(struct lexer *lexer, bool *is_usual)
{
	char *token = environment_list_next(lexer);
	bool found = token != NULL;

	*is_usual = found && (str_equal(token, ",") || str_equal(token, ";"));
	free(token);
	return found;
}

static void
environment_list_mark_cut(struct environment *environment, const char *name)
{
	for (size_t i = 0; i < environment->count; i++)
		if (str_equal(environment->items[i].name, name))
			environment->items[i].is_cut = true;
}

/* Reads KEY = VALUE and a separator. 1, 0 at the end, or -1. */
static int
environment_list_take_pair(struct lexer *lexer, struct environment *environment)
{
	char *words[3] = { NULL, NULL, NULL };
	size_t n = 0;
	bool is_usual;
	int result;

	while (n < nitems(words) && (words[n] = environment_list_next(lexer)) != NULL)
		n++;
	result = n == 0 && lexer->why == NULL ? 0 : -1;
	if (n == nitems(words) && str_equal(words[1], "=")) {
		environment_list_set(environment, words[0], words[2]);
		if (environment_list_separator(lexer, &is_usual) && !is_usual)
			environment_list_mark_cut(environment, words[0]);
		result = lexer->why == NULL ? 1 : -1;
	}
	for (size_t i = 0; i < nitems(words); i++)
		free(words[i]);
	return result;
}

int
environment_list_parse(const char *text, struct environment *environment, char **why)
{
	struct lexer lexer = { .at = text };
	int status;

	buf_init(&lexer.token, 0);
	while ((status = environment_list_take_pair(&lexer, environment)) == 1)
		continue;
	/* As supervisord, report a malformed token anywhere rather than a wrong pair. */
	while (status == -1 && lexer.why == NULL) {
		char *token = environment_list_next(&lexer);

		if (token == NULL)
			break;
		free(token);
	}
	if (status == -1)
		*why = lexer.why != NULL ?
		    xstrdup(lexer.why) :
		    xasprintf("Unexpected end of key/value pairs in value '%s'", text);
	buf_clear(&lexer.token);
	return status;
}

void
environment_list_set(struct environment *environment, const char *name, const char *value)
{
	struct variable *items;

	for (size_t i = 0; i < environment->count; i++) {
		struct variable *item = &environment->items[i];

		if (str_equal(item->name, name)) {
			free(item->value);
			item->value = xstrdup(value);
			item->is_cut = false;
			return;
		}
	}
	items = xreallocarray(environment->items, environment->count + 1, sizeof(*items));
	items[environment->count++] =
	    (struct variable){ .name = xstrdup(name), .value = xstrdup(value) };
	environment->items = items;
}

void
environment_list_merge(struct environment *environment, const struct environment *more)
{
	for (size_t i = 0; i < more->count; i++)
		environment_list_set(
		    environment, more->items[i].name, more->items[i].value);
}

void
environment_list_clear(struct environment *environment)
{
	for (size_t i = 0; i < environment->count; i++) {
		free(environment->items[i].name);
		free(environment->items[i].value);
	}
	free(environment->items);
	*environment = (struct environment){ NULL, 0 };
}

static void
environment_list_print_quoted(struct buf *out, const char *s)
{
	mem_must(buf_putc(out, '"'));
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			mem_must(buf_putc(out, '\\'));
		mem_must(buf_putc(out, *s));
	}
	mem_must(buf_putc(out, '"'));
}

char *
environment_list_print(const struct environment *environment)
{
	struct buf out;
	char *text;

	buf_init(&out, 0);
	for (size_t i = 0; i < environment->count; i++) {
		const struct variable *item = &environment->items[i];
		const char *end = item->name;
		size_t n;

		if (i > 0)
			mem_must(buf_putc(&out, ','));
		while ((n = environment_list_word_at(end)) > 0)
			end += n;
		if (*end == '\0' && end > item->name)
			mem_must(buf_puts(&out, item->name));
		else
			environment_list_print_quoted(&out, item->name);
		mem_must(buf_putc(&out, '='));
		environment_list_print_quoted(&out, item->value);
	}
	text = buf_steal(&out);
	mem_must(text == NULL);
	return text;
}

const char *
environment_list_get(const struct environment *environment, const char *name)
{
	for (size_t i = 0; i < environment->count; i++)
		if (str_equal(environment->items[i].name, name))
			return environment->items[i].value;
	return NULL;
}

bool
environment_list_equal(const struct environment *a, const struct environment *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!str_equal(
			a->items[i].value, environment_list_get(b, a->items[i].name)))
			return false;
	return true;
}
