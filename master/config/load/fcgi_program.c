/* [fcgi-program:x]: a group whose processes share a socket. */
#include "master/config/load/load_context.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/group_kind.h"
#include "master/config/values/host.h"
#include "master/config/values/users.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int
fcgi_program_read_options(
    struct conf_load *load, const struct pool_section *values, struct fcgi_config *fcgi)
{
	int64_t backlog = SOMAXCONN, mode = 0700;
	char *why = NULL;

	if (values->socket_backlog != NULL &&
	    conf_type_parse(&conf_integer, values->socket_backlog, &backlog, &why) == -1)
		return conf_load_fail_take(load, why);
	if (backlog < 1 || backlog > 65535)
		return conf_load_fail(
		    load, "Invalid socket_backlog value %lld", (long long)backlog);
	if (values->socket_owner != NULL &&
	    users_find_owner(values->socket_owner, &fcgi->uid, &fcgi->gid) == -1)
		return conf_load_fail(
		    load, "Invalid socket_owner value %s", values->socket_owner);
	if (values->socket_mode != NULL && str_to_octal(values->socket_mode, &mode) == -1)
		return conf_load_fail(
		    load, "Invalid socket_mode value %s", values->socket_mode);
	fcgi->backlog = (int)backlog;
	fcgi->mode = (mode_t)mode & 07777;
	return 0;
}

/* Fails with a text that supervisord shows as a Python tuple. */
static int
fcgi_program_bad_socket(
    struct conf_load *load, const char *section, const char *what, const char *text)
{
	char *shown = str_repr(text);

	conf_load_fail(load, "('%s', %s) in [%s] socket", what, shown, section);
	free(shown);
	return -1;
}

static int
fcgi_program_read_tcp(
    struct conf_load *load, const char *section, const char *url, struct fcgi_config *fcgi)
{
	const char *host = str_starts(url, "tcp://") ? url + 6 : "";
	size_t n = strcspn(host, " \t\r\n\f\v:");
	struct listener_config listener = { .host = NULL };
	char *port, *why = NULL, *name;
	int status;

	if (n == 0 || host[n] != ':' || !isdigit((unsigned char)host[n + 1]) ||
	    host[n + 1 + strspn(host + n + 1, "0123456789")] != '\0')
		return fcgi_program_bad_socket(load, section, "Bad socket format %s", url);
	port = xasprintf("x%s", host + n);
	status = conf_type_parse(&conf_port, port, &listener.port, &why);
	free(port);
	free(listener.host);
	fcgi->port = listener.port;
	if (status == -1) {
		conf_load_fail(load, "%s in [%s] socket", why, section);
		free(why);
		return -1;
	}
	name = xstrndup(host, n);
	str_lower(name);
	fcgi->url = xasprintf("tcp://%s:%d", name, fcgi->port);
	conf_host_find(name, &fcgi->address, &fcgi->why);
	free(name);
	return 0;
}

static int
fcgi_program_read_address(struct conf_load *load, const char *section,
    const struct pool_section *values, struct fcgi_config *fcgi)
{
	const char *url = values->socket;

	if (str_starts(url, "unix://")) {
		if (url[7] != '/')
			return fcgi_program_bad_socket(load, section,
			    "Unix socket path %s is not an absolute path", url + 7);
		fcgi->url = xstrdup(url);
		fcgi->path = xstrdup(url + 7);
		return 0;
	}
	if (values->socket_owner != NULL || values->socket_mode != NULL)
		return conf_load_fail(load,
		    "socket_owner and socket_mode params should only be used with a Unix "
		    "domain socket in [%s] socket",
		    section);
	return fcgi_program_read_tcp(load, section, url, fcgi);
}

static int
fcgi_program_read_socket(struct conf_load *load, const char *section, const char *name,
    struct pool_section *values, struct fcgi_config *fcgi)
{
	struct expand_names *names = expand_names_new(load->here);
	int status;

	expand_set(names, "program_name", name);
	status = conf_load_text(load, section, "socket", names, &values->socket);
	expand_names_free(names);
	if (status == -1)
		return -1;
	if (values->socket == NULL || values->socket[0] == '\0')
		return conf_load_fail(
		    load, "[%s] section requires a \"socket\" line", section);
	return fcgi_program_read_address(load, section, values, fcgi);
}

/* The default owner of the socket is the program's user. */
static int
fcgi_program_read_user(
    struct conf_load *load, const char *section, struct fcgi_config *fcgi)
{
	struct program_section program = { .numprocs = 0 };
	int status = conf_load_row(
	    load, section, conf_find(&conf_program, "user"), load->here, &program);
	const struct user *user = program.process.user;

	if (status == 1 && user != NULL && user->uid != getuid()) {
		fcgi->uid = user->uid;
		fcgi->gid = user->gid;
	}
	conf_clear(&conf_program, &program);
	return status == -1 ? -1 : 0;
}

int
conf_fcgi_read(struct conf_load *load, const char *section, const char *raw_name)
{
	struct pool_section values = { 0 };
	struct group_config *group = NULL;
	char *name = conf_load_name(load, raw_name);
	int status = -1;

	if (name != NULL) {
		group = group_config_new(GROUP_FCGI, name, 0);
		group->fcgi = (struct fcgi_config){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
		conf_group_add(load, group);
		if (fcgi_program_read_user(load, section, &group->fcgi) == 0 &&
		    conf_load_rows(load, section, &conf_fcgi, &values) == 0 &&
		    fcgi_program_read_options(load, &values, &group->fcgi) == 0)
			status = fcgi_program_read_socket(
			    load, section, name, &values, &group->fcgi);
		group->priority = values.priority;
	}
	if (status == 0)
		status = conf_program_read(load, section, group);
	if (status == 0 && group->fcgi.path != NULL)
		conf_warn_socket(load, section, "socket", group->fcgi.path);
	conf_clear(&conf_fcgi, &values);
	free(name);
	return status;
}

static bool
fcgi_program_is_complete(const struct group_config *group)
{
	const struct fcgi_config *fcgi = &group->fcgi;

	return fcgi->url != NULL && fcgi->port >= 0 && fcgi->port <= 65535 &&
	    (fcgi->path != NULL || fcgi->address != NULL || fcgi->why != NULL);
}

const struct conf_group_kind conf_fcgi_kind = {
	.part = CONF_DOCUMENT_FCGI,
	.offset = offsetof(struct group_config, fcgi),
	.is_complete = fcgi_program_is_complete,
};
