#include "rpcd/methods/method.h"

#include "common/buf.h"
#include "common/compiler.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

/* The flags of the namespace. */
static unsigned
method_flags(const char *name)
{
	static const struct {
		const char *namespace;
		unsigned flags;
	} rows[] = {
		{"supervisor.", METHOD_OF_DAEMON | METHOD_NOT_IN_SHUTDOWN},
		{"reeve.", METHOD_OF_DAEMON},
	};

	for (size_t i = 0; i < nitems(rows); i++)
		if (str_starts(name, rows[i].namespace))
			return rows[i].flags;
	return 0;
}

bool
method_find(
    const struct method_source *const *sources, const char *name, struct method *method)
{
	*method = (struct method){ 0 };
	for (; *sources != NULL; sources++)
		if ((*sources)->find((*sources)->ctx, name, method)) {
			method->flags = method_flags(name);
			return true;
		}
	return false;
}

static int
method_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *
method_list(const struct method_source *const *sources, unsigned without)
{
	json_t *names = json_array(), *sorted = json_array();
	const char **list;
	size_t n = 0;

	for (; *sources != NULL; sources++)
		(*sources)->list((*sources)->ctx, names);
	list = xcalloc(json_array_size(names) + 1, sizeof(*list));
	for (size_t i = 0; i < json_array_size(names); i++) {
		list[n] = json_string_value(json_array_get(names, i));
		if ((method_flags(list[n]) & without) == 0)
			n++;
	}
	qsort(list, n, sizeof(*list), method_compare);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(sorted, json_string(list[i]));
	free(list);
	json_decref(names);
	return sorted;
}

/* ---- signatures ---- */

/* One word of a signature: "?name:type", or "type" of the result. */
struct method_word {
	const char *name, *type;   /* borrowed, not terminated */
	size_t name_len, type_len; /* name_len 0: the result */
	bool optional;
};

/* Reads the next word of a signature; false at the end. */
static bool
method_next_word(const char **at, struct method_word *word)
{
	size_t len = strcspn(*at, " ");
	const char *colon = memchr(*at, ':', len);

	*word = (struct method_word){ .optional = **at == '?' };
	if (len == 0)
		return false;
	word->name = *at + (word->optional ? 1 : 0);
	word->type = colon != NULL ? colon + 1 : *at;
	word->type_len = len - (size_t)(word->type - *at);
	word->name_len = colon != NULL ? (size_t)(colon - word->name) : 0;
	*at += len;
	*at += strspn(*at, " ");
	return true;
}

json_t *
method_signature(const struct api_method *method)
{
	const char *at = method->signature;
	json_t *types = json_array();
	struct method_word word;

	while (method_next_word(&at, &word))
		json_array_append_new(types, json_stringn(word.type, word.type_len));
	return types;
}

bool
method_takes(const struct api_method *method, size_t n)
{
	const char *at = method->signature;
	size_t least = 0, most = 0;
	struct method_word word;

	method_next_word(&at, &word); /* the result */
	while (method_next_word(&at, &word)) {
		least += word.optional ? 0 : 1;
		most++;
	}
	return n >= least && n <= most;
}

json_t *
method_arguments(const struct api_method *method, const json_t *named)
{
	const char *at = method->signature;
	json_t *array = json_array(), *value;
	struct method_word word;
	char *name;

	method_next_word(&at, &word); /* the result */
	do {
		if (!method_next_word(&at, &word))
			break;
		name = xstrndup(word.name, word.name_len);
		value = json_object_get(named, name);
		free(name);
	} while (value != NULL && json_array_append(array, value) == 0);
	if (json_array_size(array) == json_object_size(named))
		return array;
	json_decref(array);
	return NULL;
}

const char *
method_target(const struct api_method *method, const json_t *params)
{
	const char *wanted = method->cmd == CMD_EVENT_SEND ? "type" : "name";
	const char *at = method->signature;
	struct method_word word;

	method_next_word(&at, &word); /* the result */
	for (size_t n = 0; method_next_word(&at, &word); n++)
		if (word.name_len == strlen(wanted) &&
		    strncmp(word.name, wanted, word.name_len) == 0)
			return json_string_value(json_array_get(params, n));
	return NULL;
}

char *
method_help(const struct api_method *method)
{
	const char *at = method->signature;
	struct method_word word, result;
	struct buf out;
	char *text;
	int failed;

	buf_init(&out, 0);
	failed = buf_printf(&out, "%s\n\n", method->help);
	method_next_word(&at, &result);
	while (method_next_word(&at, &word))
		failed |=
		    buf_printf(&out, "@param %.*s %.*s%s\n", (int)word.type_len, word.type,
			(int)word.name_len, word.name, word.optional ? " (optional)" : "");
	failed |= buf_printf(&out, "@return %.*s", (int)result.type_len, result.type);
	text = failed ? NULL : buf_steal(&out);
	if (text == NULL)
		fatal("out of memory for a help text");
	return text;
}
