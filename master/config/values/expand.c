#include "master/config/values/expand.h"

#include "common/buf.h"
#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/values/expand_format.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct expand_names {
	const struct expand_names *parent;
	struct map *values; /* struct expand_value, owned */
};

/* One run over a text. */
struct expansion {
	const char *text, *at;
	const struct expand_names *names;
	struct buf out;
	char *unknown; /* new: a name that cannot be expanded */
	char *bad;     /* new: why the text is badly formatted */
};

struct expand_names *
expand_names_new(const struct expand_names *parent)
{
	struct expand_names *names = xcalloc(1, sizeof(*names));

	names->parent = parent;
	names->values = map_new();
	mem_must(names->values == NULL);
	return names;
}

void
expand_names_free(struct expand_names *names)
{
	struct expand_value *value;
	size_t cursor = 0;

	if (names == NULL)
		return;
	while ((value = map_next(names->values, &cursor, NULL)) != NULL) {
		free(value->text);
		free(value);
	}
	map_free(names->values);
	free(names);
}

static void
expand_names_put(struct expand_names *names, const char *name, char *text_take,
    bool is_number, int64_t number)
{
	struct expand_value *value = map_get(names->values, name);

	if (value == NULL) {
		value = xcalloc(1, sizeof(*value));
		mem_must(map_set(names->values, name, value));
	}
	free(value->text);
	*value = (struct expand_value){ text_take, is_number, number };
}

void
expand_set(struct expand_names *names, const char *name, const char *value)
{
	expand_names_put(names, name, xstrdup(value), false, 0);
}

void
expand_set_number(struct expand_names *names, const char *name, int64_t value)
{
	expand_names_put(names, name, xasprintf("%lld", (long long)value), true, value);
}

void
expand_set_env(struct expand_names *names, const char *name, const char *value)
{
	char *key = xasprintf("ENV_%s", name);

	expand_set(names, key, value);
	free(key);
}

static const struct expand_value *
expand_names_get(const struct expand_names *names, const char *name)
{
	const struct expand_value *value = NULL;

	for (; names != NULL && value == NULL; names = names->parent)
		value = map_get(names->values, name);
	return value;
}

/* Reads "(name)", which may have nested parentheses. New: the name; NULL = no end. */
static char *
expand_take_name(struct expansion *run)
{
	const char *start = ++run->at;
	unsigned depth = 1;

	for (; *run->at != '\0'; run->at++) {
		depth += *run->at == '(';
		depth -= *run->at == ')';
		if (depth == 0)
			return xstrndup(start, (size_t)(run->at++ - start));
	}
	run->bad = xstrdup("incomplete format key");
	return NULL;
}

/* Expands the directive at run->at, which is a '%'. */
static int
expand_run_directive(struct expansion *run)
{
	const struct expand_value *value = NULL;
	struct expand_format format;
	char *name;

	run->at++;
	if (*run->at == '(') {
		if ((name = expand_take_name(run)) == NULL)
			return -1;
		value = expand_names_get(run->names, name);
		if (value == NULL) {
			run->unknown = name;
			return -1;
		}
		free(name);
	}
	run->bad = expand_format_parse(run->text, &run->at, &format);
	if (run->bad == NULL)
		run->bad = expand_format_apply(&format, value, &run->out);
	return run->bad != NULL ? -1 : 0;
}

static int
expand_run_expansion(struct expansion *run)
{
	size_t plain;

	while (*run->at != '\0') {
		plain = strcspn(run->at, "%");
		mem_must(buf_append(&run->out, run->at, plain));
		run->at += plain;
		if (*run->at == '%' && expand_run_directive(run) == -1)
			return -1;
	}
	return 0;
}

static int
expand_compare_names(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* New: all names, sorted, "a, b, c". */
static char *
expand_names_list(const struct expand_names *names)
{
	const char **all = NULL, *name;
	size_t count = 0, cursor;
	char *text = xstrdup("");

	for (; names != NULL; names = names->parent) {
		cursor = 0;
		all =
		    xreallocarray(all, count + map_count(names->values) + 1, sizeof(*all));
		while (map_next(names->values, &cursor, &name) != NULL)
			all[count++] = name;
	}
	if (count > 1)
		qsort(all, count, sizeof(*all), expand_compare_names);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(all[i - 1], all[i]) != 0)
			xappendf(&text, "%s%s", i > 0 ? ", " : "", all[i]);
	free(all);
	return text;
}

static char *
expand_run_error(const struct expansion *run, const char *where)
{
	char *text = str_repr(run->text), *place = str_repr(where), *error, *name, *list;

	if (run->unknown == NULL) {
		error = xasprintf("Format string %s for %s is badly formatted: %s", text,
		    place, run->bad);
	} else {
		name = str_repr(run->unknown);
		list = expand_names_list(run->names);
		error = xasprintf("Format string %s for %s contains names (%s) which "
				  "cannot be expanded. Available names: %s",
		    text, place, name, list);
		free(name);
		free(list);
	}
	free(text);
	free(place);
	return error;
}

char *
expand_text(
    const char *text, const struct expand_names *names, const char *where, char **error)
{
	struct expansion run = { .text = text, .at = text, .names = names };
	char *result = NULL;

	buf_init(&run.out, 0);
	run.out.secret = true;
	if (expand_run_expansion(&run) == -1) {
		*error = expand_run_error(&run, where);
	} else {
		result = buf_steal(&run.out);
		mem_must(result == NULL);
	}
	buf_clear(&run.out);
	free(run.unknown);
	free(run.bad);
	return result;
}
