/* [inet_http_server] and [unix_http_server], of which there may be several. */
#include "master/config/load/load_context.h"

#include "common/mem.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

static int
http_server_read_listener(
    struct conf_load *load, const char *section, const struct conf_section *table)
{
	struct config *config = load->config;
	struct listener_config *listener;

	config->listeners =
	    xreallocarray(config->listeners, config->nlisteners + 1, sizeof(*listener));
	listener = &config->listeners[config->nlisteners++];
	*listener = (struct listener_config){
		.section = xstrdup(section),
		.is_unix = table == &conf_unix_server,
		.mode = 0700,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.max_role = ROLE_ADMIN,
		.metrics_role = ROLE_STATES,
	};
	for (size_t i = 0; i < table->count; i++) {
		const struct conf_option *option = &table->options[i];
		int status = conf_load_row(load, section, option,
		    str_equal(option->name, "file") ? load->here : load->env, listener);

		if (status == 0 && (option->flags & CONF_REQUIRED) != 0)
			status = conf_load_fail(
			    load, "section [%s] has no %s value", section, option->name);
		if (status != -1 && str_equal(option->name, "password") &&
		    (listener->username == NULL) != (listener->password == NULL))
			status = conf_load_fail(load,
			    "Section [%s] contains incomplete authentication: If a "
			    "username or a password is specified, both the username and "
			    "password must be specified",
			    section);
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
			    http_server_read_listener(load, section, tables[i]) == -1)
				return -1;
	}
	return 0;
}
