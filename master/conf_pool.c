/* [eventlistener:x] → a pool; [fcgi-program:x]: read and checked to the last error, not
 * run by this version. */
#include "master/conf_load.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/conf_path.h"
#include "master/event.h"
#include "master/users.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Reads the rows of a pool's table, raw ones apart, into values. */
static int
read_rows(struct conf_load *load, const char *section, const struct conf_section *table,
    struct pool_section *values)
{
	memset(values, 0, sizeof(*values));
	for (size_t i = 0; i < table->count; i++)
		if ((table->options[i].flags & CONF_RAW) == 0 &&
		    conf_load_row(load, section, &table->options[i], load->here,
		    values) == -1)
			return -1;
	return 0;
}

/* The section's processes are read for their errors and dropped. */
static int
check_processes(struct conf_load *load, const char *section, const char *name)
{
	struct group_config *group = conf_group_new(GROUP_FCGI, name, 0);
	int status = conf_program_read(load, section, group);

	group_config_unref(group);
	if (status == 0)
		conf_load_say(load, LEVEL_WARN,
		    "[%s] is not run by this version of reeve; skipped", section);
	return status;
}

/* The subscriptions as bits. */
static int
parse_events(struct conf_load *load, const char *section, char *events, uint32_t *bits)
{
	char *rest = events, *item;
	int type;

	if (events[0] == '\0')
		return conf_load_fail(load, "[%s] section requires an \"events\" line",
		    section);
	while ((item = strsep(&rest, ",")) != NULL) {
		item = str_strip(item);
		for (char *c = item; *c != '\0'; c++)
			*c = (char)toupper((unsigned char)*c);
		type = event_type_find(item);
		if (type == -1)
			return conf_load_fail(load, "Unknown event type %s in [%s] events",
			    item, section);
		*bits |= UINT32_C(1) << type;
	}
	return 0;
}

static int
check_redirect(struct conf_load *load, const char *section)
{
	struct program_section program;

	memset(&program, 0, sizeof(program));
	if (conf_load_row(load, section, conf_find(&conf_program, "redirect_stderr"),
	    load->here, &program) == -1)
		return -1;
	if (program.process.redirect_stderr)
		return conf_load_fail(load, "[%s] section sets redirect_stderr=true but "
		    "this is not allowed because it will interfere with the eventlistener "
		    "protocol", section);
	return 0;
}

static void
warn_handler(struct conf_load *load, const char *section, const struct pool_section *values)
{
	const struct conf_option *option = conf_find(&conf_listener_pool, "result_handler");

	if (!str_equal(values->result_handler, option->fallback))
		conf_load_say(load, LEVEL_WARN, "[%s] result_handler=%s is Python code, "
		    "which reeve does not run; a result is good when it is OK", section,
		    values->result_handler);
}

static int
judge_listener(struct conf_load *load, const char *section, struct pool_section *values,
    struct pool_config *pool)
{
	if (read_rows(load, section, &conf_listener_pool, values) == -1)
		return -1;
	if (values->buffer_size < 1)
		return conf_load_fail(load, "[%s] section sets invalid buffer_size (%lld)",
		    section, (long long)values->buffer_size);
	if (parse_events(load, section, values->events, &pool->events) == -1 ||
	    check_redirect(load, section) == -1)
		return -1;
	if (ini_get(load->ini, section, "buffer_size") != NULL)
		pool->buffer_size = values->buffer_size;
	pool->counts_bytes = values->counts_bytes;
	warn_handler(load, section, values);
	return 0;
}

int
conf_pool_read_listener(struct conf_load *load, const char *section, const char *name)
{
	struct pool_section values;
	struct pool_config pool = { 0 };
	struct group_config *group;
	int status = judge_listener(load, section, &values, &pool);

	if (status == 0) {
		group = conf_group_new(GROUP_LISTENER_POOL, name, values.priority);
		group->pool = pool;
		conf_group_add(load, group);
		status = conf_program_read(load, section, group);
	}
	conf_clear(&conf_listener_pool, &values);
	return status;
}

static int
check_backlog(struct conf_load *load, const char *text)
{
	int64_t backlog;
	char *why = NULL;

	if (text == NULL)
		return 0;
	if (conf_integer.parse(text, &backlog, &why) == -1)
		return conf_load_fail_take(load, why);
	if (backlog < 1 || backlog > 65535)
		return conf_load_fail(load, "Invalid socket_backlog value %lld",
		    (long long)backlog);
	return 0;
}

static int
check_owner(struct conf_load *load, const char *text)
{
	uid_t uid;
	gid_t gid;

	if (text == NULL || users_find_owner(text, &uid, &gid) == 0)
		return 0;
	return conf_load_fail(load, "Invalid socket_owner value %s", text);
}

static int
check_mode(struct conf_load *load, const char *text)
{
	int64_t mode;

	if (text == NULL || str_to_octal(text, &mode) == 0)
		return 0;
	return conf_load_fail(load, "Invalid socket_mode value %s", text);
}

/* The two errors with brackets are shown as supervisord shows them: as tuples. */
static int
bad_socket(struct conf_load *load, const char *section, const char *what, const char *text)
{
	char *shown = str_repr(text);

	conf_load_fail(load, "('%s', %s) in [%s] socket", what, shown, section);
	free(shown);
	return -1;
}

static int
check_tcp(struct conf_load *load, const char *section, const char *url)
{
	const char *host = str_starts(url, "tcp://") ? url + 6 : "";
	size_t n = strcspn(host, " \t\r\n\f\v:");
	char *why = NULL, *port;
	struct listener_config listener = { .host = NULL };
	int status;

	if (n == 0 || host[n] != ':' || !isdigit((unsigned char)host[n + 1]) ||
	    host[n + 1 + strspn(host + n + 1, "0123456789")] != '\0')
		return bad_socket(load, section, "Bad socket format %s", url);
	port = xasprintf("x:%s", host + n + 1);
	status = conf_port.parse(port, &listener.port, &why);
	if (status == -1)
		conf_load_fail(load, "%s in [%s] socket", why, section);
	free(why);
	free(port);
	free(listener.host);
	return status;
}

static int
check_socket(struct conf_load *load, const char *section, const struct pool_section *values)
{
	const char *url = values->socket;

	if (str_starts(url, "unix://")) {
		if (url[7] != '/')
			return bad_socket(load, section,
			    "Unix socket path %s is not an absolute path", url + 7);
		return 0;
	}
	if (values->socket_owner != NULL || values->socket_mode != NULL)
		return conf_load_fail(load, "socket_owner and socket_mode params should "
		    "only be used with a Unix domain socket in [%s] socket", section);
	return check_tcp(load, section, url);
}

static int
read_socket(struct conf_load *load, const char *section, const char *name,
    struct pool_section *values)
{
	struct expand_names *names = expand_names_new(load->here);
	int status;

	expand_set(names, "program_name", name);
	status = conf_load_text(load, section, "socket", names, &values->socket);
	expand_names_free(names);
	if (status == -1)
		return -1;
	if (values->socket == NULL || values->socket[0] == '\0')
		return conf_load_fail(load, "[%s] section requires a \"socket\" line",
		    section);
	return check_socket(load, section, values);
}

static int
check_user(struct conf_load *load, const char *section)
{
	struct program_section program;
	int status;

	memset(&program, 0, sizeof(program));
	status = conf_load_row(load, section, conf_find(&conf_program, "user"), load->here,
	    &program);
	conf_clear(&conf_program, &program);
	return status == -1 ? -1 : 0;
}

int
conf_pool_check_fcgi(struct conf_load *load, const char *section, const char *raw_name)
{
	struct pool_section values = { 0 };
	char *name = conf_load_name(load, raw_name);
	int status = -1;

	if (name != NULL && check_user(load, section) == 0 &&
	    read_rows(load, section, &conf_fcgi, &values) == 0 &&
	    check_backlog(load, values.socket_backlog) == 0 &&
	    check_owner(load, values.socket_owner) == 0 &&
	    check_mode(load, values.socket_mode) == 0 &&
	    read_socket(load, section, name, &values) == 0)
		status = check_processes(load, section, name);
	conf_clear(&conf_fcgi, &values);
	free(name);
	return status;
}
