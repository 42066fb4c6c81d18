/* The way from the name of a file to a struct config. */
#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/load/load_context.h"
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

/* Finds the first existing file of the search path. */
static int
load_search(struct conf_load *load)
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
		    "No config file found at default paths (%s); use the -c option to "
		    "specify a config file at a different path",
		    tried);
	else if (getuid() == 0)
		conf_load_message(load, LEVEL_WARN,
		    "The configuration %s was found by searching, also in the working "
		    "directory; as root, name it with -c and an absolute path",
		    config->file);
	free(tried);
	free(bin);
	free(base);
	return config->file != NULL ? 0 : -1;
}

static int
load_find_file(struct conf_load *load)
{
	const char *given = load->arguments->configuration;
	const char *opened =
	    load->arguments->opened != NULL ? load->arguments->opened : given;
	char *directory;

	if (given == NULL) {
		if (load_search(load) == -1)
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

/* Sets the names that expand: our environment's, %(here)s and the name of the host. */
static void
load_set_names(struct conf_load *load)
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
load_read_files(struct conf_load *load)
{
	const char *file = load->config->file, *opened = load->arguments->opened;
	struct stat st;
	char *error;

	/* A start may wait for the writer of a FIFO; a reread may not. */
	if (opened != NULL && stat(opened, &st) == 0 && S_ISFIFO(st.st_mode))
		return conf_load_fail(
		    load, "could not read config file %s: it is a FIFO", file);
	if (opened == NULL)
		opened = file;
	if (ini_read(load->ini, opened, file, false, &error) == -1) {
		if (error != NULL)
			return conf_load_fail_take(load, error);
		/* For a directory, as in supervisord's text, without the reason. */
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
		conf_user_read, conf_daemon_finish,
	};

	if (load_find_file(load) == -1)
		return -1;
	load_set_names(load);
	if (load_read_files(load) == -1)
		return -1;
	if (load->repair != NULL)
		load->repair(load->repair_ctx, load->ini);
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
