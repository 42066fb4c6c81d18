/* Prints what the tables of the daemon say: the options of each section, and the events. */
#include "common/compiler.h"
#include "common/mem.h"
#include "common/str.h"
#include "man/tables/mdoc.h"
#include "master/config/event_type.h"
#include "master/config/options/option_table.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tables of options, in the order in which an administrator looks for them. A section
 * has one table or several, and each of its options is in one. A table of two sections has
 * options that both have; an option of stdout stands for that of stderr too. */
static const struct table {
	const char *title;
	const struct conf_section *sections[2];
	const char *names[16];
} tables[] = {
	{ "options of program: what to run", { &conf_program },
	    { "command", "directory", "process_name", "numprocs", "numprocs_start" } },
	{ "options of program: user and environment", { &conf_program },
	    { "user", "umask", "environment", "serverurl", "reset_signals" } },
	{ "options of program: when to start", { &conf_program },
	    { "autostart", "priority", "startsecs", "startretries" } },
	{ "options of program: when to restart", { &conf_program },
	    { "autorestart", "exitcodes", "exit_on_fatal", "main" } },
	{ "options of program: how to stop", { &conf_program },
	    { "stopsignal", "stopwaitsecs", "stopasgroup", "killasgroup",
		"killmode" } },
	{ "options of program: limits", { &conf_program },
	    { "memory_max", "memory_high", "cpu_max", "cpu_weight", "io_weight",
		"pids_max" } },
	{ "options of program: output", { &conf_program },
	    { "redirect_stderr", "stdout_logfile", "stdout_logfile_maxbytes",
		"stdout_logfile_backups", "stdout_syslog" } },
	{ "options of program: events", { &conf_program },
	    { "stdout_events_enabled", "stdout_capture_maxbytes" } },
	{ "options of group", { &conf_group }, { "programs", "priority" } },
	{ "options of supervisord: the main log", { &conf_supervisord },
	    { "logfile", "logfile_maxbytes", "logfile_backups", "loglevel", "silent" } },
	{ "options of supervisord: the daemon", { &conf_supervisord },
	    { "nodaemon", "pidfile", "identifier", "user", "directory", "umask", "minfds",
		"minprocs" } },
	{ "options of supervisord: all programs", { &conf_supervisord },
	    { "environment", "childlogdir", "nocleanup", "strip_ansi", "syslog_socket" } },
	{ "options of supervisord: control", { &conf_supervisord },
	    { "control_socket", "peer_users", "rpcd_user", "rpcd_confinement" } },
	{ "options of supervisord: the audit log", { &conf_supervisord },
	    { "audit_log", "audit_log_maxbytes", "audit_log_backups" } },
	{ "options of supervisord: unclean starts", { &conf_supervisord },
	    { "state_directory", "on_unclean_start" } },
	{ "options of unix_http_server", { &conf_unix_server },
	    { "file", "chmod", "chown" } },
	{ "options of inet_http_server", { &conf_inet_server }, { "port" } },
	{ "options of both servers", { &conf_unix_server, &conf_inet_server },
	    { "username", "password", "unauthenticated_role", "max_role", "metrics_role",
		"server_names" } },
	{ "options of user", { &conf_user_section },
	    { "password", "password_file", "role", "programs", "methods",
		"deny_methods" } },
	{ "options of eventlistener", { &conf_listener_pool },
	    { "events", "buffer_size", "event_length", "result_handler", "priority" } },
	{ "options of fcgi-program", { &conf_fcgi },
	    { "socket", "socket_mode", "socket_owner", "socket_backlog", "priority" } },
	{ "options of rpcinterface", { &conf_interface }, { "role" } },
};

static void NORETURN
table_fail(const char *title, const char *name, const char *why)
{
	fprintf(stderr, "%s: %s %s\n", title, name, why);
	exit(1);
}

/* Whether the row stands for the option: its own, or that of stdout for that of stderr. */
static bool
is_row_of(const char *row, const char *name)
{
	return str_equal(row, name) ||
	    (str_starts(row, "stdout") && str_starts(name, "stderr") &&
		str_equal(row + strlen("stdout"), name + strlen("stderr")));
}

static void
check_listed_once(const struct conf_section *section, const struct conf_option *option)
{
	int times = 0;

	for (const struct table *t = tables; t < tables + nitems(tables); t++)
		for (size_t i = 0; i < nitems(t->names) && t->names[i] != NULL; i++)
			times += (t->sections[0] == section || t->sections[1] == section) &&
			    is_row_of(t->names[i], option->name);
	if (times != 1)
		table_fail(section->name, option->name, "is not in one table");
}

/* The option that a row stands for, too, has to be the same. */
static void
check_twin(const struct table *table, const struct conf_section *section,
    const struct conf_option *option, const char *name)
{
	const struct conf_option *twin = conf_find(section, name);

	if (twin == NULL || twin->type != option->type || twin->flags != option->flags ||
	    !str_equal(twin->fallback, option->fallback) ||
	    !str_equal(twin->help, option->help))
		table_fail(table->title, name, "differs from the option with its row");
}

/* "(integer, default 1; reeve only)" */
static void
print_type(const struct conf_option *option)
{
	printf(" Pq %s", option->type->name);
	if ((option->flags & CONF_REQUIRED) != 0)
		fputs(", required", stdout);
	else if (option->fallback != NULL && option->fallback[0] != '\0')
		printf(", default %s", option->fallback);
	puts((option->flags & CONF_OURS) != 0 ? "; reeve only" : "");
}

static void
print_option(const struct table *table, const char *name)
{
	const struct conf_option *option = conf_find(table->sections[0], name);
	char *twin;

	if (option == NULL)
		table_fail(table->title, name, "is no option");
	printf(".It Cm %s", name);
	if (str_starts(name, "stdout_")) {
		twin = xasprintf("stderr%s", name + strlen("stdout"));
		printf(" , %s", twin);
		check_twin(table, table->sections[0], option, twin);
		free(twin);
	}
	if (table->sections[1] != NULL)
		check_twin(table, table->sections[1], option, name);
	print_type(option);
	mdoc_sentence(option->help);
	if ((option->flags & CONF_START) != 0)
		puts("To change it, stop and start the daemon; a reload is not enough.");
	if ((option->flags & CONF_LIVE) != 0)
		puts("A change takes effect at a reread.");
}

static void
print_options(void)
{
	for (size_t i = 0; i < conf_sections_count; i++)
		for (size_t k = 0; k < conf_sections[i]->count; k++)
			check_listed_once(conf_sections[i], &conf_sections[i]->options[k]);
	for (const struct table *t = tables; t < tables + nitems(tables); t++) {
		mdoc_begin(t->title);
		puts(".Bl -tag -width Ds");
		for (size_t i = 0; i < nitems(t->names) && t->names[i] != NULL; i++)
			print_option(t, t->names[i]);
		puts(".El");
		mdoc_end();
	}
}

/* Each kind as far to the right as there are kinds above it. */
static void
print_event(enum event_type type)
{
	int depth = 0;

	for (int above = 0; above < EVENT_TYPE_MAX; above++)
		if (event_type_is(type, (enum event_type)above))
			depth++;
	printf("%*s%s\n", 4 * (depth - 1), "", event_type_name(type));
}

int
main(void)
{
	print_options();
	mdoc_begin("kinds of event");
	puts(".Bd -literal -offset indent -compact");
	for (int i = 0; i < EVENT_TYPE_MAX; i++)
		print_event((enum event_type)i);
	puts(".Ed");
	mdoc_end();
	return ferror(stdout) != 0;
}
