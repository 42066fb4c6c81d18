/* [supervisord], and the command line, which overrides it. */
#include "master/config/load/load_context.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/values/environment_list.h"
#include "master/config/values/path.h"
#include "master/config/values/users.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SECTION "supervisord"

/* The variables of environment= expand in the sections that are read later. */
int
conf_daemon_read(struct conf_load *load)
{
	struct expand_names *names = expand_names_new(load->here);
	int status = 0;

	expand_set(names, "host_node_name", load->node);
	if (!ini_has(load->ini, SECTION))
		status =
		    conf_load_fail(load, ".ini file does not include supervisord section");
	for (size_t i = 0; status != -1 && i < conf_supervisord.count; i++) {
		const struct conf_option *option = &conf_supervisord.options[i];

		if ((option->flags & CONF_RAW) != 0)
			status = conf_load_environment(
			    load, SECTION, option, names, load->config, load->env);
		else if ((option->flags & CONF_LATE) != 0)
			status = conf_load_text(
			    load, SECTION, option->name, load->here, &load->user);
		else
			status =
			    conf_load_row(load, SECTION, option, load->here, load->config);
	}
	expand_names_free(names);
	return status == -1 ? -1 : 0;
}

/* Sets an option of the command line. As in supervisord, an empty path is no value. The
 * value was validated before, but a directory may be gone since. */
static int
supervisord_section_override(struct conf_load *load, const struct conf_option *option)
{
	const char *text = arguments_value(load->arguments, option->name);
	char *why = NULL, *shown;

	if (text == NULL || (option->type == &conf_path && text[0] == '\0'))
		return 0;
	if (!str_is_utf8(text, strlen(text)))
		return conf_load_fail(
		    load, "the value of --%s is not valid UTF-8", option->name);
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

/* Makes the path absolute and removes its empty, "." and ".." parts. */
static int
supervisord_section_make_absolute(struct conf_load *load, char **path)
{
	char *absolute = conf_path_absolute(*path);

	free(*path);
	*path = absolute;
	if (str_is_utf8(absolute, strlen(absolute)))
		return 0;
	return conf_load_fail(load, "the name of the current directory is not valid UTF-8");
}

/* What other options of logs take instead of a path would be the name of a file. */
static int
supervisord_section_finish_audit_log(struct conf_load *load)
{
	static const char *const words[] = { "", "AUTO", "syslog" };
	char **path = &load->config->audit_log;

	if (*path != NULL && strcasecmp(*path, "none") == 0)
		mem_freep(path);
	if (*path == NULL)
		return 0;
	for (size_t i = 0; i < nitems(words); i++) {
		if (strcasecmp(*path, words[i]) != 0)
			continue;
		conf_load_at(load, SECTION, "audit_log");
		return conf_load_reject(
		    load, "audit_log needs a path; set it to NONE for no audit log");
	}
	return supervisord_section_make_absolute(load, path);
}

/* What still runs is known only from the record of the earlier daemon. */
static int
supervisord_section_finish_unclean_start(struct conf_load *load)
{
	const struct config *config = load->config;

	if (config->on_unclean_start == UNCLEAN_IGNORE || config->state_directory != NULL)
		return 0;
	conf_load_at(load, SECTION, "on_unclean_start");
	return conf_load_reject(load, "on_unclean_start=%s needs state_directory",
	    config->on_unclean_start == UNCLEAN_STOP ? "stop" : "adopt");
}

static int
supervisord_section_finish_paths(struct conf_load *load)
{
	struct config *config = load->config;

	if (config->childlogdir == NULL)
		config->childlogdir = conf_path_temporary();
	config->logfile_syslog = str_equal(config->logfile, "syslog");
	if (config->logfile_syslog)
		mem_freep(&config->logfile);
	else if (supervisord_section_make_absolute(load, &config->logfile) == -1)
		return -1;
	if (supervisord_section_make_absolute(load, &config->pidfile) == -1 ||
	    supervisord_section_make_absolute(load, &config->childlogdir) == -1 ||
	    supervisord_section_finish_audit_log(load) == -1 ||
	    supervisord_section_finish_unclean_start(load) == -1)
		return -1;
	/* No socket beside a device such as /dev/null, because /dev is no place for it. */
	if (config->control_socket == NULL)
		config->control_socket = conf_path_is_special(config->pidfile) ?
		    xstrdup("") :
		    xasprintf("%s.ctl", config->pidfile);
	return 0;
}

int
conf_daemon_finish(struct conf_load *load)
{
	struct config *config = load->config;
	char *why = NULL;

	for (size_t i = 0; i < conf_supervisord.count; i++)
		if (supervisord_section_override(load, &conf_supervisord.options[i]) == -1)
			return -1;
	conf_load_at(load, SECTION, "user");
	if (load->user != NULL && users_find(load->user, &config->user, &why) == -1)
		return conf_load_fail_take(load, why);
	if (config->rpcd_user == NULL)
		config->rpcd_user = users_unprivileged();
	if (supervisord_section_finish_paths(load) == -1)
		return -1;
	conf_load_at(load, NULL, NULL);
	if (load->arguments->profile_options != NULL)
		conf_load_message(load, LEVEL_WARN,
		    "--profile_options has no effect: reeve has no profiler");
	return 0;
}
