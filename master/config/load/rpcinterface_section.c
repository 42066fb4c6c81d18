/* [rpcinterface:x]: supervisord's own namespace, programs that serve a namespace, and
 * Python plugins, which are skipped. */
#include "master/config/load/load_context.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/group_kind.h"
#include "master/config/values/environment_list.h"

#include <stdlib.h>
#include <string.h>

#define FACTORY "supervisor.rpcinterface_factory"
#define MAIN_FACTORY "supervisor.rpcinterface:make_main_rpcinterface"
#define GROUP_PREFIX "rpcinterface." /* keeps the names of programs free */
#define PRIORITY (-1)                /* of event listeners, too: started first */
#define NAME_MAX_BYTES 200           /* of a namespace: it is a part of messages, too */
#define OPTIONS_MAX (64 * 1024)      /* bytes, because one message in JSON has all */

static void
rpcinterface_section_add_interface(
    struct conf_load *load, const char *section, const char *name)
{
	struct config *config = load->config;

	config->interfaces =
	    xreallocarray(config->interfaces, config->ninterfaces + 1, sizeof(char *));
	config->interfaces[config->ninterfaces++] = xstrdup(name);
	if (str_equal(name, "supervisor"))
		config->has_main_interface = true;
	else
		conf_load_message(load, LEVEL_WARN,
		    "[%s] is not served: supervisord's interface has only the name "
		    "[rpcinterface:supervisor]",
		    section);
}

/* Whether there are other keys, which are the factory's arguments; ours has none. */
static int
rpcinterface_section_check_arguments(
    struct conf_load *load, const char *section, bool *has_arguments)
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

/* supervisord creates the interfaces for each HTTP server, so without one it reports no
 * wrong arguments. */
static bool
rpcinterface_section_has_server(const struct ini *ini)
{
	const char *section;
	size_t cursor = 0;

	while ((section = ini_next(ini, &cursor)) != NULL)
		if (str_starts(section, conf_inet_server.name) ||
		    str_starts(section, conf_unix_server.name))
			return true;
	return false;
}

/* Collects the keys that are no options of a program or of this section: they are options
 * for the program. */
static int
rpcinterface_section_read_options(
    struct conf_load *load, const char *section, struct rpcinterface_config *interface)
{
	const char *key;
	size_t cursor = 0, total = 0;
	char *text;

	while (ini_next_value(load->ini, section, &cursor, &key) != NULL) {
		if (str_equal(key, FACTORY) || conf_find(&conf_program, key) != NULL ||
		    conf_find(&conf_interface, key) != NULL)
			continue;
		if (conf_load_text(load, section, key, load->here, &text) == -1)
			return -1;
		total += strlen(key) + strlen(text);
		environment_list_set(&interface->options, key, text);
		free(text);
	}
	if (total <= OPTIONS_MAX)
		return 0;
	conf_load_at(load, section, NULL);
	return conf_load_reject(load,
	    "[%s] has more than %d bytes of options for its program", section, OPTIONS_MAX);
}

/* Standard output is not logged, and the default is to restart the program always. */
static void
rpcinterface_section_adjust_process(
    const struct conf_load *load, const char *section, struct process_config *process)
{
	struct output_config *out = &process->outputs[OUTPUT_STDOUT];

	mem_freep(&out->path);
	*out = (struct output_config){ .target = LOG_TO_NONE };
	process->redirect_stderr = false;
	if (ini_get(load->ini, section, "autorestart") == NULL)
		process->autorestart = AUTORESTART_TRUE;
}

static int
rpcinterface_section_check_name(
    struct conf_load *load, const char *section, const char *name)
{
	size_t n =
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	if (n > 0 && n <= NAME_MAX_BYTES && name[n] == '\0' && !str_equal(name, "system") &&
	    !str_equal(name, "supervisor") && !str_equal(name, "reeve"))
		return 0;
	return conf_load_reject(load,
	    "[%s] cannot name a namespace that a program serves: use at most %d letters, "
	    "digits and _, and not the names reeve, supervisor and system",
	    section, NAME_MAX_BYTES);
}

static int
rpcinterface_section_read_program(
    struct conf_load *load, const char *section, const char *name)
{
	char *group_name = xasprintf(GROUP_PREFIX "%s", name);
	struct group_config *group =
	    group_config_new(GROUP_INTERFACE, group_name, PRIORITY);
	int status = rpcinterface_section_check_name(load, section, name);

	free(group_name);
	group->interface.name = xstrdup(name);
	conf_group_add(load, group);
	if (status == 0)
		status = conf_load_rows(load, section, &conf_interface, &group->interface);
	if (status == 0)
		status =
		    rpcinterface_section_read_options(load, section, &group->interface);
	if (status == 0)
		status = conf_program_read(load, section, group);
	for (size_t i = 0; status == 0 && i < group->nprocesses; i++)
		rpcinterface_section_adjust_process(load, section, group->processes[i]);
	if (status == -1 || group->nprocesses == 1)
		return status;
	conf_load_at(load, section, "numprocs");
	return conf_load_reject(
	    load, "[%s] is served by one process: set numprocs=1", section);
}

static int
rpcinterface_section_read_factory(
    struct conf_load *load, const char *section, const char *name)
{
	bool has_arguments = false;
	char *factory;
	int status = conf_load_text(load, section, FACTORY, load->env, &factory);

	if (status == 0)
		status = conf_load_fail(
		    load, "section [%s] does not specify a " FACTORY, section);
	if (status == 1)
		status =
		    rpcinterface_section_check_arguments(load, section, &has_arguments);
	if (status == 0 && !conf_load_is_python(factory, MAIN_FACTORY))
		conf_load_message(load, LEVEL_WARN,
		    "[%s] is skipped: %s is a Python plugin, which reeve cannot load; a "
		    "program that command= names can serve the namespace instead, see "
		    "reeve-rpcinterface(7)",
		    section, factory);
	else if (status == 0 && has_arguments && rpcinterface_section_has_server(load->ini))
		status = conf_load_fail(load, "Could not make %s rpc interface", name);
	else if (status == 0)
		rpcinterface_section_add_interface(load, section, name);
	free(factory);
	return status;
}

int
conf_rpc_read(struct conf_load *load)
{
	const char *section, *name;
	size_t cursor = 0;
	int status = 0;

	while (status == 0 && (section = ini_next(load->ini, &cursor)) != NULL) {
		/* A client's plugin, which supervisorctl loads. */
		if (conf_load_named(section, "ctlplugin") != NULL) {
			conf_load_at(load, section, NULL);
			conf_load_message(load, LEVEL_WARN,
			    "[%s] is skipped: reevectl cannot load Python plugins; "
			    "supervisorctl can, and works with reeve",
			    section);
		}
		if ((name = conf_load_named(section, "rpcinterface")) == NULL)
			continue;
		conf_load_at(load, section, NULL);
		status = ini_get(load->ini, section, "command") != NULL ?
		    rpcinterface_section_read_program(load, section, name) :
		    rpcinterface_section_read_factory(load, section, name);
	}
	return status;
}

static bool
rpcinterface_section_is_complete(const struct group_config *group)
{
	return group->interface.name != NULL && group->nprocesses == 1;
}

const struct conf_group_kind conf_interface_kind = {
	.part = CONF_DOCUMENT_INTERFACE,
	.offset = offsetof(struct group_config, interface),
	.is_complete = rpcinterface_section_is_complete,
};
