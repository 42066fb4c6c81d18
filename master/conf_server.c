/* [inet_http_server…] and [unix_http_server…] → listeners, and [rpcinterface:x]. */
#include "master/conf_load.h"

#include "common/mem.h"
#include "common/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FACTORY "supervisor.rpcinterface_factory"
#define MAIN_FACTORY "supervisor.rpcinterface:make_main_rpcinterface"

/* A username without a password, or the other way round. */
static int
check_credentials(struct conf_load *load, const struct listener_config *listener)
{
	if ((listener->username == NULL) == (listener->password == NULL))
		return 0;
	return conf_load_fail(load, "Section [%s] contains incomplete authentication: If a "
	    "username or a password is specified, both the username and password must be "
	    "specified", listener->section);
}

static struct listener_config *
add_listener(struct config *config, const char *section, bool is_unix)
{
	struct listener_config *listener;

	config->listeners = xreallocarray(config->listeners, config->nlisteners + 1,
	    sizeof(*listener));
	listener = &config->listeners[config->nlisteners++];
	*listener = (struct listener_config){
		.section = xstrdup(section), .is_unix = is_unix, .mode = 0700,
		.uid = (uid_t)-1, .gid = (gid_t)-1,
	};
	return listener;
}

static int
read_listener(struct conf_load *load, const char *section, const struct conf_section *table)
{
	bool is_unix = table == &conf_unix_server;
	struct listener_config *listener = add_listener(load->config, section, is_unix);

	for (size_t i = 0; i < table->count; i++) {
		const struct conf_option *option = &table->options[i];
		int status = conf_load_row(load, section, option,
		    str_equal(option->name, "file") ? load->here : load->env, listener);

		if (status == 0 && (option->flags & CONF_REQUIRED) != 0)
			status = conf_load_fail(load, "section [%s] has no %s value",
			    section, option->name);
		if (status != -1 && str_equal(option->name, "password"))
			status = check_credentials(load, listener);
		if (status == -1)
			return -1;
	}
	return 0;
}

int
conf_server_read(struct conf_load *load)
{
	static const struct conf_section *const tables[] = {
		&conf_inet_server, &conf_unix_server,
	};
	const char *section;
	size_t cursor;

	for (size_t i = 0; i < nitems(tables); i++) {
		cursor = 0;
		while ((section = ini_next(load->ini, &cursor)) != NULL)
			if (str_starts(section, tables[i]->name) &&
			    read_listener(load, section, tables[i]) == -1)
				return -1;
	}
	return 0;
}

/* "module : attribute" may hold blanks. */
static bool
is_main_factory(const char *text)
{
	char *copy = xstrdup(text), *out = copy;
	bool same;

	for (const char *c = text; *c != '\0'; c++)
		if (!isspace((unsigned char)*c))
			*out++ = *c;
	*out = '\0';
	same = str_equal(copy, MAIN_FACTORY);
	free(copy);
	return same;
}

static void
add_interface(struct conf_load *load, const char *section, const char *name)
{
	struct config *config = load->config;

	config->interfaces = xreallocarray(config->interfaces, config->ninterfaces + 1,
	    sizeof(char *));
	config->interfaces[config->ninterfaces++] = xstrdup(name);
	if (str_equal(name, "supervisor"))
		config->has_main_interface = true;
	else
		conf_load_say(load, LEVEL_WARN, "[%s] is not served: only the name "
		    "rpcinterface:supervisor is", section);
}

/* The other keys would be the factory's arguments; ours takes none. */
static int
check_arguments(struct conf_load *load, const char *section, bool *has_arguments)
{
	const char *key;
	size_t cursor = 0;
	char *text;

	while (ini_next_value(load->ini, section, &cursor, &key) != NULL) {
		if (str_equal(key, FACTORY))
			continue;
		if (conf_load_text(load, section, key, load->env, &text) == -1)
			return -1;
		free(text);
		*has_arguments = true;
	}
	return 0;
}

/* The interfaces are made for each HTTP server, and not at all without one. */
static bool
has_server(const struct ini *ini)
{
	const char *section;
	size_t cursor = 0;

	while ((section = ini_next(ini, &cursor)) != NULL)
		if (str_starts(section, conf_inet_server.name) ||
		    str_starts(section, conf_unix_server.name))
			return true;
	return false;
}

static int
read_interface(struct conf_load *load, const char *section, const char *name)
{
	bool has_arguments = false;
	char *factory;
	int status = conf_load_text(load, section, FACTORY, load->env, &factory);

	if (status == 0)
		status = conf_load_fail(load, "section [%s] does not specify a " FACTORY,
		    section);
	if (status == 1)
		status = check_arguments(load, section, &has_arguments);
	if (status == 0 && !is_main_factory(factory))
		conf_load_say(load, LEVEL_WARN, "[%s] is skipped: %s is a Python plugin, "
		    "which reeve cannot load; a program of its own that calls the XML-RPC "
		    "API can do its work", section, factory);
	else if (status == 0 && has_arguments && has_server(load->ini))
		status = conf_load_fail(load, "Could not make %s rpc interface", name);
	else if (status == 0)
		add_interface(load, section, name);
	free(factory);
	return status;
}

/* They concern the client; who has one is told which client still loads it. */
static void
warn_ctl_plugin(struct conf_load *load, const char *section)
{
	conf_load_say(load, LEVEL_WARN, "[%s] is skipped: reevectl cannot load Python "
	    "plugins; supervisorctl can, and works with reeve", section);
}

int
conf_rpc_read(struct conf_load *load)
{
	const char *section, *name;
	size_t cursor = 0;

	while ((section = ini_next(load->ini, &cursor)) != NULL) {
		if (conf_load_named(section, "ctlplugin") != NULL)
			warn_ctl_plugin(load, section);
		name = conf_load_named(section, "rpcinterface");
		if (name != NULL && read_interface(load, section, name) == -1)
			return -1;
	}
	return 0;
}
