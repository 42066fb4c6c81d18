/* The way from a file's name to a struct config. */
#include "master/config/config.h"

#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/document/document.h"
#include "master/config/load/load_context.h"
#include "master/config/load/place.h"
#include "master/config/load/warnings.h"
#include "master/config/values/environment_list.h"
#include "master/config/values/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Where `make install` leaves a configuration. */
#ifndef SYSCONFDIR
#define SYSCONFDIR "/usr/local/etc"
#endif

/* Takes the first file that exists where a configuration is looked for. */
static int
config_search(struct conf_load *load)
{
	struct config *config = load->config;
	const char *program = load->arguments->program;
	char *bin = conf_path_directory(program != NULL ? program : "");
	char *base = conf_path_directory(bin), *tried = xstrdup("");
	char *paths[] = {
		conf_path_join(base, "etc/supervisord.conf"),
		conf_path_join(base, "supervisord.conf"),
		xstrdup("supervisord.conf"), xstrdup("etc/supervisord.conf"),
		xstrdup("/etc/supervisord.conf"),
		xstrdup("/etc/supervisor/supervisord.conf"),
		xstrdup(SYSCONFDIR "/reeve/reeved.conf"),
	};

	for (size_t i = 0; i < nitems(paths); i++) {
		if (config->file == NULL && access(paths[i], F_OK) == 0)
			config->file = xstrdup(paths[i]);
		xappendf(&tried, "%s%s", i > 0 ? ", " : "", paths[i]);
		free(paths[i]);
	}
	if (config->file == NULL)
		conf_load_fail(load,
		    "No config file found at default paths (%s); use the "
		    "-c option to specify a config file at a different path",
		    tried);
	else if (getuid() == 0)
		conf_load_say(load, LEVEL_WARN,
		    "The configuration %s was found by "
		    "searching; run as root, name it with -c and an absolute path",
		    config->file);
	free(tried);
	free(bin);
	free(base);
	return config->file != NULL ? 0 : -1;
}

static int
config_find_file(struct conf_load *load)
{
	const char *given = load->arguments->configuration;
	const char *opened =
	    load->arguments->opened != NULL ? load->arguments->opened : given;
	char *directory;

	if (given == NULL) {
		if (config_search(load) == -1)
			return -1;
	} else if (!str_is_utf8(given, strlen(given))) {
		return conf_load_fail(
		    load, "the name of the configuration file is not valid UTF-8");
	} else if (access(opened, F_OK) == -1) {
		return conf_load_fail(load, "could not find config file %s", given);
	} else {
		load->config->file = xstrdup(given);
	}
	directory = conf_path_directory(opened != NULL ? opened : load->config->file);
	load->config->here = conf_path_absolute(directory);
	free(directory);
	return 0;
}

/* The names that expand: the environment's, %(here)s and the host's. */
static void
config_set_names(struct conf_load *load)
{
	struct utsname host;

	for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
		const char *equals = strchr(*entry, '=');
		char *name;

		if (equals == NULL)
			continue;
		name = xstrndup(*entry, (size_t)(equals - *entry));
		expand_set_env(load->env, name, equals + 1);
		free(name);
	}
	load->node = xstrdup(uname(&host) == 0 ? host.nodename : "");
	expand_set(load->here, "here", load->config->here);
}

static int
config_read_files(struct conf_load *load)
{
	const char *file = load->config->file, *opened = load->arguments->opened;
	struct stat st;
	char *error;

	/* Only a start may wait for the writer of a FIFO. */
	if (opened != NULL && stat(opened, &st) == 0 && S_ISFIFO(st.st_mode))
		return conf_load_fail(
		    load, "could not read config file %s: it is a FIFO", file);
	if (opened == NULL)
		opened = file;
	if (ini_read(load->ini, opened, file, false, &error) == -1) {
		if (error != NULL)
			return conf_load_fail_take(load, error);
		/* supervisord's text, which does not say why, is clear for a directory. */
		return conf_load_fail(load, "could not read config file %s%s%s", file,
		    errno != EISDIR ? ": " : "", errno != EISDIR ? strerror(errno) : "");
	}
	return conf_include_read(load);
}

void
conf_load_begin(struct conf_load *load, const struct arguments *arguments)
{
	*load = (struct conf_load){
		.arguments = arguments,
		.config = xcalloc(1, sizeof(struct config)),
		.ini = ini_new(),
		.env = expand_names_new(NULL),
	};
	load->here = expand_names_new(load->env);
	conf_warn_begin(&load->warnings);
}

int
conf_load_run(struct conf_load *load)
{
	static int (*const steps[])(struct conf_load *) = {
		conf_daemon_read, conf_rpc_read, conf_group_read, conf_server_read,
		conf_daemon_finish,
	};

	if (config_find_file(load) == -1)
		return -1;
	config_set_names(load);
	if (config_read_files(load) == -1)
		return -1;
	if (load->mend != NULL)
		load->mend(load->mend_ctx, load->ini);
	for (size_t i = 0; i < nitems(steps); i++)
		if (steps[i](load) == -1)
			return -1;
	conf_warn_config(load);
	return 0;
}

void
conf_load_end(struct conf_load *load)
{
	expand_names_free(load->here);
	expand_names_free(load->env);
	ini_free(load->ini);
	map_free(load->members);
	conf_warn_end(&load->warnings);
	free(load->node);
	free(load->user);
	free(load->failed_section);
	free(load->failed_key);
}

static int
config_compare_rows(const void *a, const void *b)
{
	const struct config_row *x = a, *y = b;
	int order = strcmp(x->process->name, y->process->name);

	/* Namesakes stay in the order of their groups. */
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

/* New: the names of groups that do not stay; NULL with ENOMEM. */
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
		*error = load.error;
	config_free(load.config);
	conf_load_end(&load);
	return status;
}

static void
config_listener_clear(struct listener_config *listener)
{
	free(listener->section);
	free(listener->address);
	if (listener->password != NULL)
		mem_wipe(listener->password, strlen(listener->password));
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

struct group_config *
config_group(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->ngroups; i++)
		if (str_equal(config->groups[i]->name, name))
			return config->groups[i];
	return NULL;
}
