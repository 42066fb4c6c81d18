#include "master/config/options/option_table.h"

#include "common/str.h"

#include <string.h>

#define IN(type, member) .offset = offsetof(struct type, member)

static const struct conf_option supervisord_rows[] = {
	{ "minfds", &conf_integer, "1024", IN(config, minfds), .flags = CONF_START,
	    .help = "limit of open files that the daemon requires; a lower one is raised" },
	{ "minprocs", &conf_integer, "200", IN(config, minprocs), .flags = CONF_START,
	    .help = "limit of processes that the daemon requires; a lower one is raised" },
	{ "directory", &conf_directory, NULL, IN(config, directory), .flags = CONF_START,
	    .help = "directory that the daemon changes to when it leaves the foreground" },
	{ "user", &conf_user, NULL, IN(config, user), .flags = CONF_LATE,
	    .help = "user that the daemon switches to after reading the configuration" },
	{ "umask", &conf_octal, "022", IN(config, umask), .flags = CONF_START,
	    .help = "file mode creation mask that the daemon sets when it leaves the "
	    "foreground" },
	{ "logfile", &conf_path, "supervisord.log", IN(config, logfile),
	    .help = "main log: a path, or syslog" },
	{ "logfile_maxbytes", &conf_size, "50MB", IN(config, logfile_maxbytes),
	    .help = "size at which the main log is rotated; 0: never" },
	{ "logfile_backups", &conf_integer, "10", IN(config, logfile_backups),
	    .help = "number of rotated main logs to keep" },
	{ "loglevel", &conf_level, "info", IN(config, loglevel),
	    .help = "least severe level that is logged" },
	{ "pidfile", &conf_path, "supervisord.pid", IN(config, pidfile),
	    .help = "file that receives the daemon's process id" },
	{ "identifier", &conf_string, "supervisor", IN(config, identifier),
	    .flags = CONF_LIVE,
	    .help = "name of this daemon in the API, in events and in the names of "
	    "AUTO logs" },
	{ "nodaemon", &conf_boolean, "false", IN(config, nodaemon), .flags = CONF_START,
	    .help = "stay in the foreground" },
	{ "silent", &conf_boolean, "false", IN(config, silent),
	    .help = "in the foreground, do not copy the main log to standard output" },
	{ "childlogdir", &conf_directory, NULL, IN(config, childlogdir), .flags = CONF_LIVE,
	    .help = "directory of AUTO logs; default: the system's temporary directory" },
	{ "nocleanup", &conf_boolean, "false", IN(config, nocleanup),
	    .help = "keep the AUTO logs of earlier runs" },
	{ "strip_ansi", &conf_boolean, "false", IN(config, strip_ansi), .flags = CONF_LIVE,
	    .help = "remove ANSI escape sequences from output before it is logged" },
	{ "environment", &conf_environment, "", IN(config, environment), .flags = CONF_RAW,
	    .help = "variables for every program" },
	{ "control_socket", &conf_file, NULL, IN(config, control_socket),
	    .flags = CONF_OURS,
	    .help = "socket for reevectl; default: the path of the pidfile, followed by "
	    ".ctl" },
	{ "syslog_socket", &conf_file, "/dev/log", IN(config, syslog_socket),
	    .flags = CONF_OURS,
	    .help = "datagram socket to which syslog messages are sent" },
	{ "rpcd_user", &conf_user, NULL, IN(config, rpcd_user), .flags = CONF_OURS,
	    .help = "user that runs reeve-rpcd; default: reeve if it exists, else "
	    "nobody" },
	{ "rpcd_confinement", &conf_confinement, "best", IN(config, confinement_strict),
	    .flags = CONF_OURS,
	    .help = "if a measure that confines reeve-rpcd is not available: best logs "
	    "a warning, strict does not start reeve-rpcd" },
	{ "peer_users", &conf_peers, NULL, IN(config, peers),
	    .flags = CONF_OURS | CONF_LIVE,
	    .help = "rights of local clients of Unix sockets: NAME=USER or "
	    "@GROUP=USER, separated by commas, where USER is the name of a [user:NAME]" },
	{ "audit_log", &conf_path, NULL, IN(config, audit_log), .flags = CONF_OURS,
	    .help = "file that receives a line for each call that changes something or "
	    "is refused; NONE, the default: no file" },
	{ "audit_log_maxbytes", &conf_size, "50MB", IN(config, audit_log_maxbytes),
	    .flags = CONF_OURS,
	    .help = "size at which the audit log is rotated; 0: never" },
	{ "audit_log_backups", &conf_integer, "10", IN(config, audit_log_backups),
	    .flags = CONF_OURS,
	    .help = "number of rotated audit logs to keep" },
	{ "state_directory", &conf_state_directory, NULL, IN(config, state_directory),
	    .flags = CONF_OURS,
	    .help = "directory where the daemon records which processes run; default: "
	    "nothing is recorded" },
	{ "on_unclean_start", &conf_unclean_start, "ignore",
	    IN(config, on_unclean_start), .flags = CONF_OURS,
	    .help = "if an earlier daemon was killed and its processes still run: "
	    "ignore leaves them alone, stop ends them before anything starts, adopt "
	    "takes them over" },
};

#define LIMIT(member) IN(process_config, limits.member)
#define OUTPUT(word, member) IN(process_config, outputs[OUTPUT_##word].member)

/* The options of an output that are the same for all processes of a section. */
#define CAPTURE_ROWS(prefix, WORD)                                                    \
	{ prefix "_capture_maxbytes", &conf_size, "0", OUTPUT(WORD, capture_maxbytes), \
	    .help = "size of the buffer for captured messages; 0: no capture" },          \
	{ prefix "_events_enabled", &conf_boolean, "false",                           \
	    OUTPUT(WORD, events_enabled),                                                \
	    .help = "send a PROCESS_LOG event whenever the process writes output" }

/* The options of an output that are read for each process. */
#define LOG_ROWS(prefix, WORD)                                                        \
	{ prefix "_logfile", &conf_logfile, "AUTO",                                   \
	    IN(process_config, outputs[OUTPUT_##WORD]), .flags = CONF_EACH | CONF_RAW,  \
	    .help = "log of this output: a path, AUTO or NONE" },                         \
	{ prefix "_logfile_backups", &conf_integer, "10", OUTPUT(WORD, backups),     \
	    .flags = CONF_EACH, .help = "number of rotated logs to keep" },               \
	{ prefix "_logfile_maxbytes", &conf_size, "50MB", OUTPUT(WORD, maxbytes),    \
	    .flags = CONF_EACH, .help = "size at which the log is rotated; 0: never" },   \
	{ prefix "_syslog", &conf_boolean, NULL, OUTPUT(WORD, syslog),            \
	    .flags = CONF_EACH, .help = "also send this output to syslog" }

static const struct conf_option program_rows[] = {
	{ "priority", &conf_integer, "999", IN(process_config, priority),
	    .help = "order of starts and stops: low numbers start first and stop last" },
	{ "autostart", &conf_boolean, "true", IN(process_config, autostart),
	    .help = "start the program together with the daemon" },
	{ "autorestart", &conf_autorestart, "unexpected", IN(process_config, autorestart),
	    .help = "start a process again after its exit: always (true), never "
	    "(false), or when its status is not one of exitcodes (unexpected)" },
	{ "startsecs", &conf_integer, "1", IN(process_config, startsecs),
	    .help = "seconds that a process must stay up for its start to count as "
	    "successful" },
	{ "startretries", &conf_integer, "3", IN(process_config, startretries),
	    .help = "number of retries after a failed start; then the process is "
	    "FATAL" },
	{ "stopsignal", &conf_signal, "TERM", IN(process_config, stopsignal),
	    .help = "signal that requests a process to stop" },
	{ "stopwaitsecs", &conf_integer, "10", IN(process_config, stopwaitsecs),
	    .help = "seconds to wait after stopsignal before SIGKILL is sent" },
	{ "stopasgroup", &conf_boolean, "false", IN(process_config, stopasgroup),
	    .help = "send stopsignal to the whole process group" },
	{ "killasgroup", &conf_boolean, NULL, IN(process_config, killasgroup),
	    .help = "send SIGKILL to the whole process group; default: the value of "
	    "stopasgroup" },
	{ "killmode", &conf_killmode, NULL, IN(process_config, killmode),
	    .flags = CONF_OURS,
	    .help = "processes that SIGKILL reaches: process, group, tree (all processes that it has "
	    "started, as far as they are found), or cgroup (all of them, by a control "
	    "group); default: group if killasgroup is true, else process" },
	{ "memory_max", &conf_memory, NULL, LIMIT(memory_max), .flags = CONF_OURS,
	    .help = "memory that the program may use; beyond it, the kernel kills one of "
	    "its processes" },
	{ "memory_high", &conf_memory, NULL, LIMIT(memory_high), .flags = CONF_OURS,
	    .help = "memory above which the kernel slows the program down" },
	{ "cpu_max", &conf_cpu_max, NULL, LIMIT(cpu_max), .flags = CONF_OURS,
	    .help = "time of the CPUs that the program may use: a percentage of one CPU, "
	    "or QUOTA/PERIOD in microseconds" },
	{ "cpu_weight", &conf_weight, NULL, LIMIT(cpu_weight), .flags = CONF_OURS,
	    .help = "share of the CPUs when they are busy, 1 to 10000; 100 is usual" },
	{ "io_weight", &conf_weight, NULL, LIMIT(io_weight), .flags = CONF_OURS,
	    .help = "share of the disks when they are busy, 1 to 10000; 100 is usual" },
	{ "pids_max", &conf_pids, NULL, LIMIT(pids_max), .flags = CONF_OURS,
	    .help = "number of processes and threads that the program may have" },
	{ "exitcodes", &conf_exitcodes, "0", IN(process_config, exitcodes),
	    .help = "exit statuses that are expected, separated by commas" },
	{ "redirect_stderr", &conf_boolean, "false", IN(process_config, redirect_stderr),
	    .help = "write standard error to the log of standard output" },
	{ "exit_on_fatal", &conf_boolean, "false", IN(process_config, exit_on_fatal),
	    .flags = CONF_OURS,
	    .help = "stop the daemon when a process becomes FATAL, or exits "
	    "unexpectedly and is not restarted" },
	{ "main", &conf_boolean, "false", IN(process_config, is_main), .flags = CONF_OURS,
	    .help = "stop the daemon when a process exits, whatever its status, or cannot "
	    "be started" },
	{ "reset_signals", &conf_boolean, "false", IN(process_config, reset_signals),
	    .flags = CONF_OURS,
	    .help = "start the program with the default action for every signal" },
	{ "numprocs", &conf_integer, "1", IN(program_section, numprocs),
	    .flags = CONF_SECTION,
	    .help = "number of processes" },
	{ "numprocs_start", &conf_integer, "0", IN(program_section, numprocs_start),
	    .flags = CONF_SECTION,
	    .help = "%(process_num)s of the first process" },
	CAPTURE_ROWS("stdout", STDOUT),
	CAPTURE_ROWS("stderr", STDERR),
	{ "serverurl", &conf_serverurl, "AUTO", IN(process_config, serverurl),
	    .help = "value of SUPERVISOR_SERVER_URL; AUTO: the first HTTP server, a "
	    "Unix socket preferred" },
	{ "user", &conf_user, NULL, IN(process_config, user),
	    .help = "user to run as; default: the daemon's" },
	{ "umask", &conf_octal, NULL, IN(process_config, umask),
	    .help = "file mode creation mask; default: the daemon's" },
	{ "process_name", &conf_string, "%(program_name)s", IN(process_config, name),
	    .flags = CONF_EACH | CONF_RAW,
	    .help = "name of each process; must contain %(process_num)s if numprocs is "
	    "above 1" },
	{ "environment", &conf_environment, "", IN(process_config, environment),
	    .flags = CONF_EACH | CONF_RAW,
	    .help = "variables for the program" },
	{ "directory", &conf_string, NULL, IN(process_config, directory),
	    .flags = CONF_EACH,
	    .help = "working directory; default: the daemon's" },
	LOG_ROWS("stdout", STDOUT),
	LOG_ROWS("stderr", STDERR),
	{ "command", &conf_string, NULL, IN(process_config, command),
	    .flags = CONF_EACH | CONF_REQUIRED,
	    .help = "program to run, and its arguments" },
};

static const struct conf_option group_rows[] = {
	{ "programs", &conf_string, "", IN(group_section, programs),
	    .help = "programs of the group, separated by commas" },
	{ "priority", &conf_integer, "999", IN(group_section, priority),
	    .help = "order of starts and stops among groups" },
};

static const struct conf_option listener_rows[] = {
	{ "priority", &conf_integer, "-1", IN(pool_section, priority),
	    .help = "order of starts and stops among groups" },
	{ "buffer_size", &conf_integer, "10", IN(pool_section, buffer_size),
	    .help = "number of events that may wait for a listener" },
	{ "event_length", &conf_event_length, "characters",
	    IN(pool_section, counts_bytes), .flags = CONF_OURS,
	    .help = "unit of len: in the header of an event" },
	{ "result_handler", &conf_string, "supervisor.dispatchers:default_handler",
	    IN(pool_section, result_handler),
	    .help = "Python function that evaluates results; only two are supported" },
	{ "events", &conf_string, "", IN(pool_section, events), CONF_REQUIRED,
	    .help = "types of events to receive, separated by commas" },
};

static const struct conf_option interface_rows[] = {
	{ "role", &conf_command_role, "states", IN(rpcinterface_config, role),
	    .flags = CONF_OURS,
	    .help = "role of the program at the daemon: states, view, operate or admin" },
};

static const struct conf_option fcgi_rows[] = {
	{ "priority", &conf_integer, "999", IN(pool_section, priority),
	    .help = "order of starts and stops among groups" },
	{ "socket_backlog", &conf_string, NULL, IN(pool_section, socket_backlog),
	    .help = "connections that may wait to be accepted, 1 to 65535; default: "
	    "4096" },
	{ "socket_owner", &conf_string, NULL, IN(pool_section, socket_owner),
	    .help = "user[:group] that owns a Unix socket; default: the program's user" },
	{ "socket_mode", &conf_string, NULL, IN(pool_section, socket_mode),
	    .help = "mode of a Unix socket, in octal; default: 0700" },
	{ "socket", &conf_string, NULL, IN(pool_section, socket), CONF_RAW | CONF_REQUIRED,
	    .help = "listening socket: unix:///PATH or tcp://HOST:PORT" },
};

#define NAMES_ROW                                                                     \
	{ "server_names", &conf_server_names, NULL,                                   \
	    IN(listener_config, server_names), .flags = CONF_OURS,                        \
	    .help = "host names by which browsers may reach a server without a "          \
	    "password, separated by commas or blanks" }

#define ROLE_ROW                                                                      \
	{ "unauthenticated_role", &conf_role, NULL,                                   \
	    IN(listener_config, unauthenticated_role), .flags = CONF_OURS,                \
	    .help = "role of clients that send no password: none, states, view, "       \
	    "operate or admin" }

#define MAX_ROLE_ROW                                                                  \
	{ "max_role", &conf_any_role, "admin", IN(listener_config, max_role),          \
	    .flags = CONF_OURS,                                                          \
	    .help = "role that no client of this server exceeds, whatever its user "       \
	    "has: none, states, view, operate or admin" }

#define METRICS_ROLE_ROW                                                              \
	{ "metrics_role", &conf_any_role, "states", IN(listener_config, metrics_role),   \
	    .flags = CONF_OURS,                                                          \
	    .help = "role that a client needs to read /metrics: states, view, " \
	    "operate or admin; none: everybody may read it, without a password" }

static const struct conf_option inet_rows[] = {
	{ "username", &conf_string, NULL, IN(listener_config, username),
	    .help = "user name that clients must send; only together with password" },
	{ "password", &conf_secret, NULL, IN(listener_config, password),
	    .help = "password that clients must send: as text, or {SHA} and its SHA-1 "
	    "digest in hexadecimal" },
	{ "port", &conf_port, NULL, IN(listener_config, port), CONF_REQUIRED,
	    .help = "address to listen on: PORT, HOST:PORT or [IPv6]:PORT" },
	ROLE_ROW,
	MAX_ROLE_ROW,
	METRICS_ROLE_ROW,
	NAMES_ROW,
};

static const struct conf_option unix_rows[] = {
	{ "file", &conf_file, NULL, IN(listener_config, path), CONF_REQUIRED,
	    .help = "path of the socket" },
	{ "username", &conf_string, NULL, IN(listener_config, username),
	    .help = "user name that clients must send; only together with password" },
	{ "password", &conf_secret, NULL, IN(listener_config, password),
	    .help = "password that clients must send: as text, or {SHA} and its SHA-1 "
	    "digest in hexadecimal" },
	{ "chown", &conf_owner, NULL, IN(listener_config, uid),
	    .help = "user[:group] that owns the socket; default: the daemon's user" },
	{ "chmod", &conf_mode, "0700", IN(listener_config, mode),
	    .help = "mode of the socket" },
	ROLE_ROW,
	MAX_ROLE_ROW,
	METRICS_ROLE_ROW,
	NAMES_ROW,
};

static const struct conf_option user_rows[] = {
	{ "password", &conf_secret, NULL, IN(user_config, password),
	    .flags = CONF_OURS | CONF_RAW,
	    .help = "password that clients must send: a hash made by reevectl passwd, "
	    "{SHA} and its SHA-1 digest in hexadecimal, or the text" },
	{ "password_file", &conf_file, NULL, IN(user_config, password_file),
	    .flags = CONF_OURS | CONF_RAW,
	    .help = "file whose first line is the password or its hash" },
	{ "role", &conf_any_role, NULL, IN(user_config, role), CONF_REQUIRED | CONF_OURS,
	    .help = "what the user may do: none, states, view, operate or admin" },
	{ "programs", &conf_patterns, NULL, IN(user_config, programs), .flags = CONF_OURS,
	    .help = "groups and processes that the user can see, separated by commas: "
	    "GROUP, GROUP:PROCESS, patterns of these, or all; default: all" },
	{ "methods", &conf_patterns, NULL, IN(user_config, methods), .flags = CONF_OURS,
	    .help = "patterns of API methods that the user may call beside those of its "
	    "role, separated by commas" },
	{ "deny_methods", &conf_patterns, NULL, IN(user_config, deny_methods),
	    .flags = CONF_OURS,
	    .help = "patterns of API methods that the user may not call, separated by "
	    "commas" },
};

#define SECTION(title, rows) { .name = title, .options = rows, .count = nitems(rows) }

const struct conf_section conf_supervisord = SECTION("supervisord", supervisord_rows);
const struct conf_section conf_program = SECTION("program", program_rows);
const struct conf_section conf_group = SECTION("group", group_rows);
const struct conf_section conf_listener_pool = SECTION("eventlistener", listener_rows);
const struct conf_section conf_fcgi = SECTION("fcgi-program", fcgi_rows);
const struct conf_section conf_interface = SECTION("rpcinterface", interface_rows);
const struct conf_section conf_inet_server = SECTION("inet_http_server", inet_rows);
const struct conf_section conf_unix_server = SECTION("unix_http_server", unix_rows);
const struct conf_section conf_user_section = SECTION("user", user_rows);

const struct conf_section *const conf_sections[] = {
	&conf_supervisord, &conf_unix_server, &conf_inet_server, &conf_program, &conf_group,
	&conf_listener_pool, &conf_fcgi, &conf_interface, &conf_user_section,
};
const size_t conf_sections_count = nitems(conf_sections);

const struct conf_option *
conf_find(const struct conf_section *section, const char *name)
{
	for (size_t i = 0; i < section->count; i++)
		if (str_equal(section->options[i].name, name))
			return &section->options[i];
	return NULL;
}

int
conf_put(const struct conf_option *option, void *base, const char *text, char **why)
{
	void *slot = (char *)base + option->offset;

	if (option->type->clear != NULL)
		option->type->clear(slot);
	return conf_type_parse(option->type, text, slot, why);
}

char *
conf_print(const struct conf_option *option, const void *base)
{
	return conf_type_print(option->type, (const char *)base + option->offset);
}

bool
conf_equal(const struct conf_option *option, const void *a, const void *b)
{
	return conf_type_equal(option->type, (const char *)a + option->offset,
	    (const char *)b + option->offset);
}

bool
conf_same(const struct conf_option *option, const void *a, const void *b)
{
	return option->type->same == NULL ?
	    conf_equal(option, a, b) :
	    option->type->same(
		(const char *)a + option->offset, (const char *)b + option->offset);
}

void
conf_clear(const struct conf_section *section, void *base)
{
	for (size_t i = 0; i < section->count; i++) {
		const struct conf_option *option = &section->options[i];

		if (option->type->clear != NULL)
			option->type->clear((char *)base + option->offset);
	}
}
