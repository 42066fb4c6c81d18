#include "master/daemon/pending.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/option_table.h"
#include "master/daemon/preview.h"

#include <stdlib.h>
#include <string.h>

#define PENDING_TEXTS 64	/* of each array */

/* Texts that wait for the same. */
struct pending {
	json_t *texts;
	size_t more;		/* that found no place */
};

static void
add_text(struct pending *pending, char *text_take)
{
	if (json_array_size(pending->texts) >= PENDING_TEXTS ||
	    json_array_append_new(pending->texts, json_string(text_take)) == -1)
		pending->more++;
	free(text_take);
}

/* A password or a variable may be a secret: that it differs is said, not how. */
static bool
is_secret(const char *option)
{
	return str_equal(option, "password") || str_equal(option, "environment");
}

static void
add_change(struct pending *pending, const char *section, const char *option,
    char *before_take, char *after_take)
{
	char *before, *after;

	if (is_secret(option)) {
		add_text(pending, xasprintf("[%s] %s", section, option));
		mem_wiping_free(before_take);
		mem_wiping_free(after_take);
		return;
	}
	before = preview_value(before_take);
	after = preview_value(after_take);
	add_text(pending,
	    xasprintf("[%s] %s: %s -> %s", section, option, before, after));
	free(before);
	free(after);
}

/* --- [supervisord] --- */

static char *
logfile_of(const struct config *config)
{
	return xstrdup(config->logfile_syslog ? "syslog" :
	    config->logfile != NULL ? config->logfile : "");
}

/* The configuration in force has the level of programs that start after a reread; the main
 * log keeps its own. */
static bool
is_other_level(const struct config *fresh)
{
	return log_threshold() != fresh->loglevel;
}

static void
compare_option(struct pending *pending, const struct conf_option *option,
    const struct config *live, const struct config *fresh)
{
	if (str_equal(option->name, "loglevel")) {
		if (is_other_level(fresh))
			add_change(pending, "supervisord", option->name,
			    xstrdup(log_level_word(log_threshold())),
			    xstrdup(log_level_word(fresh->loglevel)));
		return;
	}
	if (str_equal(option->name, "logfile")) {
		char *before = logfile_of(live), *after = logfile_of(fresh);

		if (!str_equal(before, after))
			add_change(pending, "supervisord", option->name, xstrdup(before),
			    xstrdup(after));
		free(before);
		free(after);
		return;
	}
	if (!conf_equal(option, live, fresh))
		add_change(pending, "supervisord", option->name, conf_print(option, live),
		    conf_print(option, fresh));
}

static void
compare_daemon(struct pending *reload, struct pending *start, const struct config *live,
    const struct config *fresh)
{
	for (size_t i = 0; i < conf_supervisord.count; i++) {
		const struct conf_option *option = &conf_supervisord.options[i];

		if ((option->flags & CONF_LIVE) == 0)
			compare_option((option->flags & CONF_START) != 0 ? start : reload,
			    option, live, fresh);
	}
	if (live->has_main_interface != fresh->has_main_interface)
		add_text(reload, xasprintf("[rpcinterface:supervisor] %s",
		    fresh->has_main_interface ? "is new" : "is gone"));
}

/* --- HTTP servers --- */

static const struct listener_config *
find_listener(const struct config *config, const char *section)
{
	for (size_t i = 0; i < config->nlisteners; i++)
		if (str_equal(config->listeners[i].section, section))
			return &config->listeners[i];
	return NULL;
}

static void
compare_listener(struct pending *reload, const struct listener_config *live,
    const struct listener_config *fresh)
{
	const struct conf_section *table =
	    live->is_unix ? &conf_unix_server : &conf_inet_server;

	for (size_t i = 0; i < table->count; i++) {
		const struct conf_option *option = &table->options[i];

		if (!conf_equal(option, live, fresh))
			add_change(reload, live->section, option->name,
			    conf_print(option, live), conf_print(option, fresh));
	}
}

static void
compare_listeners(struct pending *reload, const struct config *live,
    const struct config *fresh)
{
	for (size_t i = 0; i < live->nlisteners; i++) {
		const struct listener_config *one = &live->listeners[i];
		const struct listener_config *now = find_listener(fresh, one->section);

		if (now == NULL)
			add_text(reload, xasprintf("[%s] is gone", one->section));
		else
			compare_listener(reload, one, now);
	}
	for (size_t i = 0; i < fresh->nlisteners; i++)
		if (find_listener(live, fresh->listeners[i].section) == NULL)
			add_text(reload, xasprintf("[%s] is new",
			    fresh->listeners[i].section));
}

/* --- the answer --- */

static int
finish(struct pending *pending, json_t *answer, const char *member)
{
	if (pending->more > 0)
		(void)json_array_append_new(pending->texts,
		    json_sprintf("and %zu more", pending->more));
	return json_object_set_new(answer, member, pending->texts);
}

int
pending_add(const struct master *master, const struct config *fresh, json_t *answer)
{
	struct pending reload = {.texts = json_array()}, start = {.texts = json_array()};
	int rc = 0;

	compare_daemon(&reload, &start, master->config, fresh);
	compare_listeners(&reload, master->config, fresh);
	if (finish(&reload, answer, "reload") == -1)
		rc = -1;
	if (finish(&start, answer, "start") == -1)
		rc = -1;
	return rc;
}
