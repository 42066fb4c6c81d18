/* [supervisord] and the command line that overrides it. */
#include "master/config/load.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/environment_list.h"
#include "master/config/path.h"
#include "master/config/users.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTION "supervisord"

/* environment= is expanded once, and its variables then expand elsewhere. */
static int
supervisord_read_environment(struct conf_load *load, const struct conf_option *option)
{
	const char *raw = ini_get(load->ini, SECTION, option->name);
	const struct environment *environment = &load->config->environment;
	struct expand_names *names = expand_names_new(load->here);
	char *text;
	int status = -1;

	conf_load_at(load, SECTION, option->name);
	expand_set(names, "host_node_name", load->node);
	text = conf_load_expand(load, raw != NULL ? raw : option->fallback, names,
	    option->name);
	if (text != NULL)
		status = conf_load_put(load, option, text, load->config);
	for (size_t i = 0; status == 0 && i < environment->count; i++)
		expand_set_env(load->env, environment->items[i].name,
		    environment->items[i].value);
	free(text);
	expand_names_free(names);
	return status;
}

int
conf_daemon_read(struct conf_load *load)
{
	int status = 0;

	if (!ini_has(load->ini, SECTION))
		return conf_load_fail(load,
		    ".ini file does not include supervisord section");
	for (size_t i = 0; status != -1 && i < conf_supervisord.count; i++) {
		const struct conf_option *option = &conf_supervisord.options[i];

		if ((option->flags & CONF_RAW) != 0)
			status = supervisord_read_environment(load, option);
		else if ((option->flags & CONF_LATE) != 0)
			status = conf_load_text(load, SECTION, option->name, load->here,
			    &load->user);
		else
			status = conf_load_row(load, SECTION, option, load->here,
			    load->config);
	}
	return status == -1 ? -1 : 0;
}

/* What the command line says wins, but for an empty path, which supervisord takes for none.
 * It was judged when it was read; a directory may have gone since. */
static int
supervisord_override(struct conf_load *load, const struct conf_option *option)
{
	const char *text = options_value(load->options, option->name);
	char *why = NULL, *shown;

	if (text == NULL || (option->type == &conf_path && text[0] == '\0'))
		return 0;
	if (!str_is_utf8(text, strlen(text)))
		return conf_load_fail(load, "the value of --%s is not valid UTF-8",
		    option->name);
	if (option->flags & CONF_LATE) {
		free(load->user);
		load->user = xstrdup(text);
		return 0;
	}
	if (conf_put(option, load->config, text, &why) == 0)
		return 0;
	shown = str_repr(text);
	conf_load_fail(load, "invalid value for --%s %s: %s", option->name, shown, why);
	free(shown);
	free(why);
	return -1;
}

/* Makes the text of the slot absolute and normal. */
static int
supervisord_make_absolute(struct conf_load *load, char **path)
{
	char *absolute = conf_path_absolute(*path);

	free(*path);
	*path = absolute;
	if (str_is_utf8(absolute, strlen(absolute)))
		return 0;
	return conf_load_fail(load, "the name of the current directory is not valid UTF-8");
}

static int
supervisord_finish_logfile(struct conf_load *load)
{
	struct config *config = load->config;

	if (!str_equal(config->logfile, "syslog"))
		return supervisord_make_absolute(load, &config->logfile);
	mem_freep(&config->logfile);
	config->logfile_syslog = true;
	return 0;
}

static int
supervisord_finish_paths(struct conf_load *load)
{
	struct config *config = load->config;

	if (config->childlogdir == NULL)
		config->childlogdir = conf_path_temporary();
	if (supervisord_finish_logfile(load) == -1 || supervisord_make_absolute(load,
	    &config->pidfile) == -1 ||
	    supervisord_make_absolute(load, &config->childlogdir) == -1)
		return -1;
	/* None beside a device: no daemon owns /dev. */
	if (config->control_socket == NULL)
		config->control_socket = conf_path_is_special(config->pidfile) ?
		    xstrdup("") : xasprintf("%s.ctl", config->pidfile);
	return 0;
}

int
conf_daemon_finish(struct conf_load *load)
{
	struct config *config = load->config;
	char *why = NULL;

	for (size_t i = 0; i < conf_supervisord.count; i++)
		if (supervisord_override(load, &conf_supervisord.options[i]) == -1)
			return -1;
	conf_load_at(load, SECTION, "user");
	if (load->user != NULL && users_find(load->user, &config->user, &why) == -1)
		return conf_load_fail_take(load, why);
	if (config->rpcd_user == NULL)
		config->rpcd_user = users_unprivileged();
	if (supervisord_finish_paths(load) == -1)
		return -1;
	conf_load_at(load, NULL, NULL);
	if (load->options->profile_options != NULL)
		conf_load_say(load, LEVEL_WARN,
		    "--profile_options has no effect: reeve has no profiler");
	return 0;
}
