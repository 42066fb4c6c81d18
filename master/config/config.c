#include "master/config/config.h"

#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/document/document.h"
#include "master/config/load/load_context.h"
#include "master/config/load/place.h"

#include <stdlib.h>
#include <string.h>

static int
config_compare_rows(const void *a, const void *b)
{
	const struct config_row *x = a, *y = b;
	int order = strcmp(x->process->name, y->process->name);

	/* Processes of one name stay in the order of their groups. */
	return order != 0 ? order : (x->nth > y->nth) - (x->nth < y->nth);
}

int
config_list_rows(struct config *config)
{
	size_t n = 0;

	for (size_t g = 0; g < config->ngroups; g++)
		n += config->groups[g]->nprocesses;
	config->rows = calloc(n + 1, sizeof(*config->rows));
	if (config->rows == NULL)
		return -1;
	config->nrows = n;
	n = 0;
	for (size_t g = 0; g < config->ngroups; g++)
		for (size_t i = 0; i < config->groups[g]->nprocesses; i++, n++)
			config->rows[n] = (struct config_row){ config->groups[g],
				config->groups[g]->processes[i], n };
	qsort(config->rows, config->nrows, sizeof(*config->rows), config_compare_rows);
	return 0;
}

/* New: the names of the groups that are dropped or replaced; NULL with ENOMEM. */
static struct map *
config_leaving(const struct config *fresh, char *const *gone, size_t n)
{
	struct map *leaving = map_new();
	int rc = leaving == NULL ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = map_set(leaving, gone[i], leaving);
	for (size_t i = 0; rc == 0 && i < fresh->ngroups; i++)
		rc = map_set(leaving, fresh->groups[i]->name, leaving);
	if (rc == 0)
		return leaving;
	map_free(leaving);
	return NULL;
}

int
config_merge_groups(struct config *live, struct config *fresh, char *const *gone, size_t n)
{
	struct config merged = { .groups = NULL };
	struct map *leaving;

	if (n == 0 && fresh->ngroups == 0)
		return 0;
	leaving = config_leaving(fresh, gone, n);
	merged.groups = calloc(live->ngroups + fresh->ngroups + 1, sizeof(*merged.groups));
	if (leaving == NULL || merged.groups == NULL)
		goto fail;
	for (size_t i = 0; i < live->ngroups; i++)
		if (map_get(leaving, live->groups[i]->name) == NULL)
			merged.groups[merged.ngroups++] = live->groups[i];
	for (size_t i = 0; i < fresh->ngroups; i++)
		merged.groups[merged.ngroups++] = fresh->groups[i];
	qsort(merged.groups, merged.ngroups, sizeof(*merged.groups), group_config_compare);
	if (config_list_rows(&merged) == -1)
		goto fail;
	for (size_t i = 0; i < live->ngroups; i++)
		if (map_get(leaving, live->groups[i]->name) != NULL)
			group_config_unref(live->groups[i]);
	map_free(leaving);
	free(live->groups);
	free(live->rows);
	fresh->ngroups = 0;
	live->groups = merged.groups;
	live->ngroups = merged.ngroups;
	live->rows = merged.rows;
	live->nrows = merged.nrows;
	return 0;
fail:
	map_free(leaving);
	free(merged.groups);
	return -1;
}

int
config_pass(const struct config *loaded, struct config **config, char **error)
{
	struct conf_writer writer;
	struct conf_reader reader;
	int rc = -1;

	*config = NULL;
	conf_writer_begin(&writer, NULL);
	conf_writer_config(&writer, loaded);
	if (writer.error != NULL) {
		*error = xstrdup(writer.error);
	} else {
		rc = conf_reader_config(
		    &reader, buf_data(&writer.out), buf_len(&writer.out), config);
		if (rc == -1)
			*error = xstrdup(reader.why);
		conf_reader_end(&reader);
	}
	conf_writer_end(&writer);
	return rc;
}

int
config_load(const struct arguments *arguments, struct config **config, char **error)
{
	struct conf_load load;
	int status;

	conf_load_begin(&load, arguments);
	*config = NULL;
	status = conf_load_run(&load);
	if (status == 0)
		status = config_pass(load.config, config, error);
	else
		*error = conf_place_report(&load);
	free(load.error);
	config_free(load.config);
	conf_load_end(&load);
	return status;
}

static void
config_listener_clear(struct listener_config *listener)
{
	free(listener->section);
	free(listener->address);
	conf_clear(listener->is_unix ? &conf_unix_server : &conf_inet_server, listener);
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	conf_clear(&conf_supervisord, config);
	free(config->file);
	free(config->here);
	for (size_t i = 0; i < config->ninterfaces; i++)
		free(config->interfaces[i]);
	free(config->interfaces);
	for (size_t i = 0; i < config->nlisteners; i++)
		config_listener_clear(&config->listeners[i]);
	free(config->listeners);
	for (size_t i = 0; i < config->nusers; i++)
		user_config_clear(&config->users[i]);
	free(config->users);
	for (size_t i = 0; i < config->ngroups; i++)
		group_config_unref(config->groups[i]);
	free(config->groups);
	free(config->rows);
	for (size_t i = 0; i < config->nmessages; i++) {
		free(config->messages[i].text);
		free(config->messages[i].place);
	}
	free(config->messages);
	free(config);
}

void
config_log(const struct config_message *message)
{
	if (message->is_finding && message->place != NULL)
		log_at(message->level, "%s: %s", message->place, message->text);
	else
		log_at(message->level, "%s", message->text);
}

const struct user_config *
config_user(const struct config *config, const char *name)
{
	const struct user_config key = { .name = (char *)(uintptr_t)name };

	return config->nusers == 0 ?
	    NULL :
	    bsearch(&key, config->users, config->nusers, sizeof(key), user_config_compare);
}

struct group_config *
config_group(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->ngroups; i++)
		if (str_equal(config->groups[i]->name, name))
			return config->groups[i];
	return NULL;
}
