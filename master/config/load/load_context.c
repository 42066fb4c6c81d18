#include "master/config/load/load_context.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/load/place.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void
conf_load_at(struct conf_load *load, const char *section, const char *key)
{
	load->section = section;
	load->key = key;
}

int
conf_load_fail_take(struct conf_load *load, char *error)
{
	if (load->error != NULL) {
		free(error);
		return -1;
	}
	load->error = error;
	if (load->section != NULL)
		load->failed_section = xstrdup(load->section);
	if (load->key != NULL)
		load->failed_key = xstrdup(load->key);
	return -1;
}

int
conf_load_fail(struct conf_load *load, const char *fmt, ...)
{
	va_list ap;
	char *error;

	va_start(ap, fmt);
	error = xvasprintf(fmt, ap);
	va_end(ap);
	return conf_load_fail_take(load, error);
}

int
conf_load_reject(struct conf_load *load, const char *fmt, ...)
{
	va_list ap;

	if (load->error == NULL)
		load->is_ours = true;
	va_start(ap, fmt);
	conf_load_fail_take(load, xvasprintf(fmt, ap));
	va_end(ap);
	return -1;
}

static void
load_context_add_message(struct config *config, struct config_message message)
{
	struct config_message *messages =
	    xreallocarray(config->messages, config->nmessages + 1, sizeof(*messages));
	size_t at = config->nmessages++;

	for (; at > 0 && messages[at - 1].level < message.level; at--)
		messages[at] = messages[at - 1];
	messages[at] = message;
	config->messages = messages;
}

void
conf_load_message(struct conf_load *load, enum log_level level, const char *fmt, ...)
{
	struct config_message message = {
		.level = level,
		.place = load->section != NULL ?
		    conf_place(load, load->section, load->key) :
		    NULL,
	};
	va_list ap;

	va_start(ap, fmt);
	message.text = xvasprintf(fmt, ap);
	va_end(ap);
	load_context_add_message(load->config, message);
}

/* Takes both strings. */
static void
load_context_add_finding(struct conf_load *load, char *place, char *text)
{
	const struct config_message message = {
		.level = LEVEL_WARN, .is_finding = true, .place = place, .text = text,
	};

	if (conf_warn_is_new(&load->warnings, place, text)) {
		load_context_add_message(load->config, message);
		return;
	}
	free(place);
	free(text);
}

void
conf_load_warn(
    struct conf_load *load, const char *section, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	load_context_add_finding(load,
	    section != NULL ? conf_place(load, section, key) : NULL, xvasprintf(fmt, ap));
	va_end(ap);
}

void
conf_load_warn_at(
    struct conf_load *load, const char *file, size_t line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	load_context_add_finding(
	    load, xasprintf("%s:%zu", file, line), xvasprintf(fmt, ap));
	va_end(ap);
}

char *
conf_load_expand(struct conf_load *load, const char *text, const struct expand_names *names,
    const char *where)
{
	char *error = NULL, *result = expand_text(text, names, where, &error);

	if (result == NULL) {
		conf_load_fail_take(load, error);
	} else if (!str_is_utf8(result, strlen(result))) {
		conf_load_fail(load, "the expanded value of %s is not valid UTF-8", where);
		mem_freep(&result);
	}
	return result;
}

int
conf_load_text(struct conf_load *load, const char *section, const char *key,
    const struct expand_names *names, char **text)
{
	const char *raw = ini_get(load->ini, section, key);
	char *where;

	*text = NULL;
	conf_load_at(load, section, key);
	if (raw == NULL)
		return 0;
	where = xasprintf("%s.%s", section, key);
	*text = conf_load_expand(load, raw, names, where);
	free(where);
	return *text != NULL ? 1 : -1;
}

int
conf_load_put(
    struct conf_load *load, const struct conf_option *option, const char *text, void *base)
{
	char *why = NULL;

	if (conf_put(option, base, text, &why) == 0)
		return 0;
	if (load->error == NULL)
		load->is_ours = (option->flags & CONF_OURS) != 0;
	return conf_load_fail_take(load, why);
}

int
conf_load_environment(struct conf_load *load, const char *section,
    const struct conf_option *option, const struct expand_names *names, void *base,
    struct expand_names *into)
{
	const char *raw = ini_get(load->ini, section, option->name);
	const struct environment *environment =
	    (const void *)((const char *)base + option->offset);
	char *text;
	int status = -1;

	conf_load_at(load, section, option->name);
	text = conf_load_expand(
	    load, raw != NULL ? raw : option->fallback, names, option->name);
	if (text != NULL)
		status = conf_load_put(load, option, text, base);
	for (size_t i = 0; status == 0 && i < environment->count; i++)
		expand_set_env(
		    into, environment->items[i].name, environment->items[i].value);
	free(text);
	return status;
}

int
conf_load_row(struct conf_load *load, const char *section, const struct conf_option *option,
    const struct expand_names *names, void *base)
{
	char *text;
	int present = conf_load_text(load, section, option->name, names, &text);
	const char *value = present == 1 ? text : option->fallback;
	int status = present;

	if (present != -1 && value != NULL &&
	    conf_load_put(load, option, value, base) == -1)
		status = -1;
	mem_wiping_free(text);
	return status;
}

int
conf_load_rows(struct conf_load *load, const char *section,
    const struct conf_section *table, void *base)
{
	for (size_t i = 0; i < table->count; i++)
		if ((table->options[i].flags & CONF_RAW) == 0 &&
		    conf_load_row(load, section, &table->options[i], load->here, base) ==
			-1)
			return -1;
	return 0;
}

const char *
conf_load_named(const char *section, const char *kind)
{
	size_t n = strlen(kind);

	return strncmp(section, kind, n) == 0 && section[n] == ':' ? section + n + 1 : NULL;
}

char *
conf_load_name(struct conf_load *load, const char *name)
{
	char *copy = xstrdup(name), *kept = xstrdup(str_strip(copy)), *shown;

	free(copy);
	for (const char *c = " :/"; *c != '\0'; c++) {
		if (strchr(kept, *c) == NULL)
			continue;
		shown = str_repr(name);
		conf_load_fail(
		    load, "Invalid name: %s because of character: '%c'", shown, *c);
		free(shown);
		free(kept);
		return NULL;
	}
	return kept;
}

bool
conf_load_is_python(const char *text, const char *name)
{
	for (; *text != '\0'; text++) {
		if (isspace((unsigned char)*text))
			continue;
		if (*text != *name)
			return false;
		name++;
	}
	return *name == '\0';
}
