/* The changes that a reread cannot apply, and those of users, which it applies. */
#include "master/config/document/difference.h"

#include "common/mem.h"
#include "common/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PENDING_TEXTS 64 /* of each member */

/* The texts of one member of the answer. */
struct pending {
	struct conf_writer *writer;
	const char *member; /* "reload", "start" or "users" */
	size_t count, more; /* more: beyond PENDING_TEXTS */
};

static void PRINTF_LIKE(2, 3)
difference_pending_add(struct pending *pending, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (pending->count == PENDING_TEXTS) {
		pending->more++;
		return;
	}
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	pending->count++;
	conf_writer_texts(pending->writer, CONF_DOCUMENT_FOUND,
	    (const char *[]){ pending->member, text, NULL });
	free(text);
}

/* The values of a password or of variables are not shown: they may be secrets. */
static void
difference_pending_change(struct pending *pending, const char *section, const char *option,
    char *before_take, char *after_take)
{
	char *before, *after;

	if (str_equal(option, "password") || str_equal(option, "environment")) {
		difference_pending_add(pending, "[%s] %s", section, option);
		mem_wiping_free(before_take);
		mem_wiping_free(after_take);
		return;
	}
	before = conf_difference_value(before_take);
	after = conf_difference_value(after_take);
	difference_pending_add(
	    pending, "[%s] %s: %s -> %s", section, option, before, after);
	free(before);
	free(after);
}

/* --- [supervisord] --- */

static char *
difference_pending_logfile(const struct config *config)
{
	return xstrdup(config->logfile_syslog ? "syslog" :
		config->logfile != NULL       ? config->logfile :
						"");
}

static void
difference_pending_option(struct pending *pending, const struct conf_option *option,
    const struct conf_in_force *live, const struct config *fresh)
{
	char *before, *after;
	bool same;

	if (str_equal(option->name, "loglevel")) {
		/* The main log has its own level; config->loglevel is that of programs. */
		before = xstrdup(log_level_word(live->loglevel));
		after = xstrdup(log_level_word(fresh->loglevel));
		same = live->loglevel == fresh->loglevel;
	} else if (str_equal(option->name, "logfile")) {
		before = difference_pending_logfile(live->config);
		after = difference_pending_logfile(fresh);
		same = str_equal(before, after);
	} else {
		same = conf_equal(option, live->config, fresh);
		before = conf_print(option, live->config);
		after = conf_print(option, fresh);
	}
	if (!same) {
		difference_pending_change(
		    pending, "supervisord", option->name, before, after);
		return;
	}
	free(before);
	free(after);
}

/* --- HTTP servers --- */

static const struct listener_config *
difference_pending_find(const struct config *config, const char *section)
{
	for (size_t i = 0; i < config->nlisteners; i++)
		if (str_equal(config->listeners[i].section, section))
			return &config->listeners[i];
	return NULL;
}

static void
difference_pending_listener(struct pending *reload, const struct listener_config *live,
    const struct listener_config *fresh)
{
	const struct conf_object *kind =
	    &conf_objects[live->is_unix ? CONF_DOCUMENT_UNIX : CONF_DOCUMENT_INET];
	const struct conf_option *option;
	size_t n = 0;

	while ((option = conf_object_change(kind, &n, live, fresh)) != NULL)
		difference_pending_change(reload, live->section, option->name,
		    conf_print(option, live), conf_print(option, fresh));
}

static void
difference_pending_listeners(
    struct pending *reload, const struct config *live, const struct config *fresh)
{
	for (size_t i = 0; i < live->nlisteners; i++) {
		const struct listener_config *one = &live->listeners[i];
		const struct listener_config *now =
		    difference_pending_find(fresh, one->section);

		if (now == NULL)
			difference_pending_add(reload, "[%s] is gone", one->section);
		else
			difference_pending_listener(reload, one, now);
	}
	for (size_t i = 0; i < fresh->nlisteners; i++)
		if (difference_pending_find(live, fresh->listeners[i].section) == NULL)
			difference_pending_add(
			    reload, "[%s] is new", fresh->listeners[i].section);
}

/* --- users --- */

static void
difference_pending_user(
    struct pending *users, const struct user_config *live, const struct user_config *fresh)
{
	const struct conf_option *option;

	for (size_t i = 0; i < conf_user_section.count; i++) {
		option = &conf_user_section.options[i];
		if (!conf_same(option, live, fresh))
			difference_pending_change(users, live->section, option->name,
			    conf_print(option, live), conf_print(option, fresh));
	}
}

static void
difference_pending_users(
    struct pending *users, const struct config *live, const struct config *fresh)
{
	const struct conf_option *peers = conf_find(&conf_supervisord, "peer_users");
	const struct user_config *now;

	for (size_t i = 0; i < live->nusers; i++) {
		now = config_user(fresh, live->users[i].name);
		if (now == NULL)
			difference_pending_add(
			    users, "[%s] is gone", live->users[i].section);
		else
			difference_pending_user(users, &live->users[i], now);
	}
	for (size_t i = 0; i < fresh->nusers; i++)
		if (config_user(live, fresh->users[i].name) == NULL)
			difference_pending_add(
			    users, "[%s] is new", fresh->users[i].section);
	if (!conf_same(peers, live, fresh))
		difference_pending_change(users, "supervisord", peers->name,
		    conf_print(peers, live), conf_print(peers, fresh));
}

/* --- the answer --- */

static void
difference_pending_end(const struct pending *pending)
{
	char text[64];

	if (pending->more == 0)
		return;
	snprintf(text, sizeof(text), "and %zu more", pending->more);
	conf_writer_texts(pending->writer, CONF_DOCUMENT_FOUND,
	    (const char *[]){ pending->member, text, NULL });
}

void
conf_difference_pending(struct conf_writer *writer, const struct conf_in_force *live,
    const struct config *fresh)
{
	struct pending reload = { .writer = writer, .member = "reload" };
	struct pending start = { .writer = writer, .member = "start" };
	struct pending users = { .writer = writer, .member = "users" };

	for (size_t i = 0; i < conf_supervisord.count; i++) {
		const struct conf_option *option = &conf_supervisord.options[i];

		if ((option->flags & CONF_LIVE) == 0)
			difference_pending_option(
			    (option->flags & CONF_START) != 0 ? &start : &reload, option,
			    live, fresh);
	}
	if (live->config->has_main_interface != fresh->has_main_interface)
		difference_pending_add(&reload, "[rpcinterface:supervisor] %s",
		    fresh->has_main_interface ? "is new" : "is gone");
	difference_pending_listeners(&reload, live->config, fresh);
	difference_pending_end(&reload);
	difference_pending_end(&start);
	difference_pending_users(&users, live->config, fresh);
	difference_pending_end(&users);
}
