/* The objects of a document, and the values that they have beside the options of their
 * sections. */
#include "master/config/document/document.h"

#include "common/str.h"

#include <stdlib.h>
#include <string.h>

#define IN(type, member) .offset = offsetof(struct type, member)
#define TABLE(what, rows) { .name = what, .options = rows, .count = nitems(rows) }

static const struct conf_type kind_type = {
	.name = "kind", .size = sizeof(enum group_kind),
	.words = { "program", "eventlistener", "fcgi-program", "rpcinterface" },
};
static const struct conf_type handler_type = {
	.name = "handler", .size = sizeof(enum result_handler),
	.words = { "OK", "any", "printed" },
};

static const struct conf_option daemon_rows[] = {
	{ "file", &conf_string, NULL, IN(config, file) },
	{ "here", &conf_string, NULL, IN(config, here) },
	{ "logfile_syslog", &conf_boolean, "false", IN(config, logfile_syslog) },
	{ "has_main_interface", &conf_boolean, "false", IN(config, has_main_interface) },
};

static const struct conf_option namespace_rows[] = {
	{ "name", &conf_string, NULL, .offset = 0 },
};

static const struct conf_option listener_rows[] = {
	{ "section", &conf_string, NULL, IN(listener_config, section), CONF_IMPLIED },
	{ "address", &conf_string, NULL, IN(listener_config, address), CONF_IMPLIED },
};

static const struct conf_option user_rows[] = {
	{ "section", &conf_string, NULL, IN(user_config, section) },
	{ "name", &conf_string, NULL, IN(user_config, name) },
	{ "slow", &conf_boolean, "false", IN(user_config, slow) },
};

static const struct conf_option group_rows[] = {
	{ "kind", &kind_type, "program", IN(group_config, kind) },
	{ "name", &conf_string, NULL, IN(group_config, name) },
	{ "priority", &conf_integer, "999", IN(group_config, priority) },
};

static const struct conf_option pool_rows[] = {
	{ "events", &conf_events, "0", IN(pool_config, events) },
	{ "buffer_size", &conf_integer, "0", IN(pool_config, buffer_size) },
	{ "event_length", &conf_event_length, "characters", IN(pool_config, counts_bytes) },
	{ "result_handler", &handler_type, "OK", IN(pool_config, handler) },
};

static const struct conf_option fcgi_rows[] = {
	{ "socket", &conf_string, NULL, IN(fcgi_config, url) },
	{ "path", &conf_string, NULL, IN(fcgi_config, path), CONF_IMPLIED },
	{ "port", &conf_unsigned, "0", IN(fcgi_config, port), CONF_IMPLIED },
	{ "address", &conf_string, NULL, IN(fcgi_config, address), CONF_IMPLIED },
	{ "lookup", &conf_lookup_error, NULL, IN(fcgi_config, why) },
	{ "socket_mode", &conf_octal, "0", IN(fcgi_config, mode) },
	{ "uid", &conf_unsigned, "0", IN(fcgi_config, uid) },
	{ "gid", &conf_unsigned, "0", IN(fcgi_config, gid) },
	{ "socket_backlog", &conf_unsigned, "0", IN(fcgi_config, backlog) },
};

static const struct conf_option interface_rows[] = {
	{ "name", &conf_string, NULL, IN(rpcinterface_config, name) },
	{ "options", &conf_environment, "", IN(rpcinterface_config, options) },
};

static const struct conf_option process_rows[] = {
	{ "section", &conf_string, NULL, IN(process_config, section), CONF_IMPLIED },
};

static const struct conf_option message_rows[] = {
	{ "level", &conf_level, "warn", IN(config_message, level) },
	{ "text", &conf_string, NULL, IN(config_message, text) },
	{ "place", &conf_string, NULL, IN(config_message, place) },
	{ "is_finding", &conf_boolean, "false", IN(config_message, is_finding) },
	{ "is_new", &conf_boolean, "false", IN(config_message, is_new) },
};

static const struct conf_section daemon_table = TABLE("[supervisord]", daemon_rows);
static const struct conf_section namespace_table = TABLE("a namespace", namespace_rows);
static const struct conf_section listener_table = TABLE("a server", listener_rows);
static const struct conf_section user_table = TABLE("a user", user_rows);
static const struct conf_section group_table = TABLE("a group", group_rows);
static const struct conf_section pool_table = TABLE("a listener pool", pool_rows);
static const struct conf_section fcgi_table = TABLE("a FastCGI socket", fcgi_rows);
static const struct conf_section interface_table = TABLE("an rpcinterface", interface_rows);
static const struct conf_section process_table = TABLE("a process", process_rows);
static const struct conf_section message_table = TABLE("a message", message_rows);

static const struct listener_config inet_initial = {
	.max_role = ROLE_ADMIN, .metrics_role = ROLE_STATES, .mode = 0700,
	.uid = (uid_t)-1, .gid = (gid_t)-1,
};
static const struct listener_config unix_initial = {
	.is_unix = true, .max_role = ROLE_ADMIN, .metrics_role = ROLE_STATES,
	.mode = 0700, .uid = (uid_t)-1, .gid = (gid_t)-1,
};
static const struct group_config group_initial = { .refs = 1 };
static const struct process_config process_initial = { .umask = -1 };

const struct conf_object conf_objects[CONF_DOCUMENT_OBJECTS] = {
	[CONF_DOCUMENT_DAEMON] = { { &daemon_table, &conf_supervisord },
	    sizeof(struct config), NULL },
	[CONF_DOCUMENT_NAMESPACE] = { { &namespace_table }, sizeof(char *), NULL },
	[CONF_DOCUMENT_INET] = { { &listener_table, &conf_inet_server },
	    sizeof(struct listener_config), &inet_initial },
	[CONF_DOCUMENT_UNIX] = { { &listener_table, &conf_unix_server },
	    sizeof(struct listener_config), &unix_initial },
	[CONF_DOCUMENT_USER] = { { &user_table, &conf_user_section },
	    sizeof(struct user_config), NULL },
	[CONF_DOCUMENT_GROUP] = { { &group_table }, sizeof(struct group_config),
	    &group_initial },
	[CONF_DOCUMENT_POOL] = { { &pool_table }, sizeof(struct pool_config), NULL },
	[CONF_DOCUMENT_FCGI] = { { &fcgi_table }, sizeof(struct fcgi_config), NULL },
	[CONF_DOCUMENT_INTERFACE] = { { &interface_table, &conf_interface },
	    sizeof(struct rpcinterface_config), NULL },
	[CONF_DOCUMENT_PROCESS] = { { &process_table, &conf_program },
	    sizeof(struct process_config), &process_initial },
	[CONF_DOCUMENT_MESSAGE] = { { &message_table }, sizeof(struct config_message),
	    NULL },
};

const struct conf_option *
conf_object_row(const struct conf_object *kind, size_t n)
{
	for (size_t t = 0; t < nitems(kind->tables) && kind->tables[t] != NULL; t++) {
		if (n < kind->tables[t]->count)
			return &kind->tables[t]->options[n];
		n -= kind->tables[t]->count;
	}
	return NULL;
}

int
conf_object_default(const struct conf_object *kind, void *object, uint64_t present)
{
	const struct conf_option *option;

	for (size_t n = 0; (option = conf_object_row(kind, n)) != NULL; n++)
		if (option->fallback != NULL && (option->flags & CONF_SECTION) == 0 &&
		    (present & (UINT64_C(1) << n)) == 0 &&
		    conf_type_decode(option->type, option->fallback,
			strlen(option->fallback), (char *)object + option->offset) == -1)
			return -1;
	return 0;
}

bool
conf_object_same(const struct conf_object *kind, const void *a, const void *b)
{
	const struct conf_option *option;

	for (size_t n = 0; (option = conf_object_row(kind, n)) != NULL; n++)
		if ((option->flags & CONF_SECTION) == 0 && !conf_same(option, a, b))
			return false;
	return true;
}

const struct conf_option *
conf_object_change(
    const struct conf_object *kind, size_t *n, const void *live, const void *fresh)
{
	const struct conf_option *option;

	while ((option = conf_object_row(kind, (*n)++)) != NULL)
		if ((option->flags & (CONF_SECTION | CONF_IMPLIED)) == 0 &&
		    !conf_equal(option, live, fresh))
			return option;
	return NULL;
}

void
conf_object_clear(const struct conf_object *kind, void *object)
{
	for (size_t t = 0; t < nitems(kind->tables) && kind->tables[t] != NULL; t++)
		conf_clear(kind->tables[t], object);
}
