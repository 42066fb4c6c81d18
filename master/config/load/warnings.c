#include "master/config/load/warnings.h"

#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/command/command_check.h"
#include "master/config/command/command_line.h"
#include "master/config/command/shell_words.h"
#include "master/config/load/load_context.h"
#include "master/config/values/path.h"
#include "master/log/logfile.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The first option that names a certain log. */
struct log_use {
	char *section;
	char key[32];
	bool rotates;
};

void
conf_warn_begin(struct conf_warnings *warnings)
{
	warnings->known = map_new();
	warnings->logs = map_new();
	warnings->checked = map_new();
	mem_must(
	    warnings->known == NULL || warnings->logs == NULL || warnings->checked == NULL);
}

void
conf_warn_end(struct conf_warnings *warnings)
{
	struct log_use *use;
	size_t cursor = 0;
	char *why;

	while ((why = map_next(warnings->checked, &cursor, NULL)) != NULL)
		free(why);
	map_free(warnings->checked);
	cursor = 0;
	while ((use = map_next(warnings->logs, &cursor, NULL)) != NULL) {
		free(use->section);
		free(use);
	}
	map_free(warnings->logs);
	map_free(warnings->known);
}

bool
conf_warn_is_new(struct conf_warnings *warnings, const char *place, const char *text)
{
	char *key = xasprintf("%s %s", place != NULL ? place : "", text);
	bool is_new = map_get(warnings->known, key) == NULL;

	if (is_new)
		mem_must(map_set(warnings->known, key, warnings));
	free(key);
	return is_new;
}

/* --- programs --- */

/* Accepts, as programs do but shells do not, dots, dashes and letters beyond ASCII. */
static bool
warnings_is_variable_name(const char *name)
{
	if (*name == '\0')
		return false;
	for (; *name != '\0'; name++)
		if ((unsigned char)*name < 0x80 && !isalnum((unsigned char)*name) &&
		    strchr("_.-", *name) == NULL)
			return false;
	return true;
}

static void
warnings_variable_name(struct conf_load *load, const char *section, const char *name)
{
	char *shown = str_repr(name);

	conf_load_warn(load, section, "environment",
	    "[%s] environment sets a variable called %s; separate variables with commas, "
	    "not with blanks, semicolons or backslashes",
	    section, shown);
	free(shown);
}

/* Whether the value has $NAME or ${NAME}. */
static bool
warnings_refers_to_itself(const struct variable *variable)
{
	size_t length = strlen(variable->name);

	for (const char *at = variable->value; (at = strchr(at, '$')) != NULL;) {
		at += at[1] == '{' ? 2 : 1;
		if (strncmp(at, variable->name, length) == 0 &&
		    !isalnum((unsigned char)at[length]) && at[length] != '_')
			return true;
	}
	return false;
}

/* The warnings do not show a value, which may be a secret. */
void
conf_warn_variables(
    struct conf_load *load, const char *section, const struct environment *environment)
{
	for (size_t i = 0; i < environment->count; i++) {
		const struct variable *variable = &environment->items[i];
		const char *name = variable->name;

		if (!warnings_is_variable_name(name))
			warnings_variable_name(load, section, name);
		else if (variable->is_cut)
			conf_load_warn(load, section, "environment",
			    "[%s] environment sets %s to a part of its value, which has a "
			    "character that must be quoted; use %s=\"...\"",
			    section, name, name);
		else if (warnings_refers_to_itself(variable))
			conf_load_warn(load, section, "environment",
			    "[%s] environment has $%s, which is not expanded; use "
			    "%%(ENV_%s)s",
			    section, name, name);
	}
}

/* Whether the path names the same file now and in the daemon, which may change its
 * directory. */
static bool
warnings_is_lasting(const struct conf_load *load, const char *path)
{
	return path[0] == '/' ||
	    (load->config->directory == NULL && load->arguments->directory == NULL);
}

/* Whether no other process of the section had a finding about the option. */
static bool
warnings_is_first(struct conf_load *load, const char *section, const char *key)
{
	char *option = xasprintf("%s\n%s", section, key);
	bool first = conf_warn_is_new(&load->warnings, NULL, option);

	free(option);
	return first;
}

/* Warns of a command that cannot be executed. Checks each file once, because many programs
 * may run it. */
static void
warnings_missing(struct conf_load *load, const char *section,
    const struct process_config *process, const char *word)
{
	const char *path =
	    command_line_search_path(environment_list_get(&process->environment, "PATH"));
	bool relative = word[0] != '/' && strchr(word, '/') != NULL;
	const char *directory = relative ? process->directory : NULL;
	char *key = xasprintf("%s\n%s\n%s", word, path != NULL ? path : "",
	    directory != NULL ? directory : "");
	char *why = map_get(load->warnings.checked, key);

	if (why == NULL) {
		why = conf_command_find(process->command, path, directory);
		mem_must(map_set(load->warnings.checked, key, why));
	}
	free(key);
	if (*why != '\0' && warnings_is_first(load, section, "command"))
		conf_load_warn(load, section, "command", "[%s] %s", section, why);
}

static void
warnings_command(
    struct conf_load *load, const char *section, const struct process_config *process)
{
	char *problem = conf_shell_find(process->command), *word;

	if (problem != NULL) {
		conf_load_warn(load, section, "command", "[%s] %s", section, problem);
		free(problem);
		return;
	}
	word = conf_command_word(process->command);
	if (strchr(word, '/') == NULL || warnings_is_lasting(load, word))
		warnings_missing(load, section, process, word);
	free(word);
}

/* New text: why a directory cannot be used; "" = it can, or only root can know. */
static char *
warnings_check_directory(const char *directory)
{
	struct stat st;
	int error = 0;

	if (stat(directory, &st) == -1)
		error = errno;
	else if (!S_ISDIR(st.st_mode))
		error = ENOTDIR;
	return xstrdup(error == 0 || error == EACCES ? "" : strerror(error));
}

static void
warnings_directory(
    struct conf_load *load, const char *section, const struct process_config *process)
{
	const char *directory = process->directory;
	char *why;

	if (directory == NULL || !warnings_is_lasting(load, directory))
		return;
	if ((why = map_get(load->warnings.checked, directory)) == NULL) {
		why = warnings_check_directory(directory);
		mem_must(map_set(load->warnings.checked, directory, why));
	}
	if (*why != '\0' && warnings_is_first(load, section, "directory"))
		conf_load_warn(load, section, "directory", "[%s] directory %s: %s", section,
		    directory, why);
}

/* New: the path of a file, which may not exist yet, without symbolic links. */
static char *
warnings_log_path(const char *path)
{
	char *whole = conf_path_absolute(path), *directory = conf_path_directory(whole);
	char *real = realpath(directory, NULL);
	char *name =
	    conf_path_join(real != NULL ? real : directory, strrchr(whole, '/') + 1);

	free(real);
	free(directory);
	free(whole);
	return name;
}

/* Warns of a log that several options name and at least one rotates: each would rename its
 * backups. The audit log is the last option. */
static void
warnings_shared_log(struct conf_load *load, const char *section, const char *key,
    const char *path, bool rotates)
{
	char *whole = warnings_log_path(path);
	struct log_use *use = map_get(load->warnings.logs, whole);

	if (use == NULL) {
		use = xcalloc(1, sizeof(*use));
		use->section = xstrdup(section);
		snprintf(use->key, sizeof(use->key), "%s", key);
		use->rotates = rotates;
		mem_must(map_set(load->warnings.logs, whole, use));
		free(whole);
		return;
	}
	free(whole);
	if (str_equal(key, "audit_log")) {
		conf_load_warn(load, section, key,
		    "[%s] audit_log is also the %s of [%s], so that not every line of it "
		    "is a record; use one file for each",
		    section, use->key, use->section);
		return;
	}
	if (!rotates && !use->rotates)
		return;
	if (str_equal(section, use->section) && str_equal(key, use->key))
		conf_load_warn(load, section, key,
		    "[%s] %s is one file for several processes, each of which rotates it; "
		    "put %%(process_num)d into its name",
		    section, key);
	else
		conf_load_warn(load, section, key,
		    "[%s] %s is also the %s of [%s], and each rotates it; use one file for "
		    "each",
		    section, key, use->key, use->section);
}

static void
warnings_log(struct conf_load *load, const char *section, const char *key, const char *path,
    int64_t maxbytes)
{
	if (conf_path_is_directory(path))
		conf_load_warn(
		    load, section, key, "[%s] %s %s is a directory", section, key, path);
	else if (maxbytes > 0 && !logfile_can_rotate(path))
		conf_load_warn(load, section, key,
		    "[%s] log file %s cannot be rotated: its maxbytes is ignored; set "
		    "%s_maxbytes=0",
		    section, path, key);
	else if (!str_starts(path, "/dev/") && !str_starts(path, "/proc/"))
		warnings_shared_log(load, section, key, path, maxbytes > 0);
}

void
conf_warn_process(
    struct conf_load *load, const char *section, const struct process_config *process)
{
	static const char *const keys[] = {
		[OUTPUT_STDOUT] = "stdout_logfile", [OUTPUT_STDERR] = "stderr_logfile",
	};

	warnings_command(load, section, process);
	warnings_directory(load, section, process);
	for (size_t id = 0; id < OUTPUT_MAX; id++)
		if (process->outputs[id].target == LOG_TO_FILE)
			warnings_log(load, section, keys[id], process->outputs[id].path,
			    process->outputs[id].maxbytes);
}

/* --- the files --- */

static void
warnings_duplicates(struct conf_load *load)
{
	struct ini_duplicate twice;

	for (size_t i = 0; ini_duplicate(load->ini, i, &twice); i++)
		if (twice.key == NULL)
			conf_load_warn_at(load, twice.file, twice.line,
			    "[%s] is defined twice, first at %s:%zu; the options of both "
			    "are used",
			    twice.section, twice.first_file, twice.first_line);
		else
			conf_load_warn_at(load, twice.file, twice.line,
			    "[%s] sets %s twice, first at %s:%zu; that value is not used",
			    twice.section, twice.key, twice.first_file, twice.first_line);
}

/* The options that a kind of section may have. */
static const struct kind {
	const char *name;	/* ends with ':' where a name follows */
	const struct conf_section *tables[2];
	bool open;		/* may have any option */
} kinds[] = {
	{ "supervisord", { &conf_supervisord }, false },
	{ "inet_http_server", { &conf_inet_server }, false },
	{ "unix_http_server", { &conf_unix_server }, false },
	{ "user:", { &conf_user_section }, false },
	{ "program:", { &conf_program }, false },
	{ "group:", { &conf_group }, false },
	{ "eventlistener:", { &conf_listener_pool, &conf_program }, false },
	{ "fcgi-program:", { &conf_fcgi, &conf_program }, false },
	{ "include", { NULL }, true },
	{ "supervisorctl", { NULL }, true },
	{ "rpcinterface:", { NULL }, true },
	{ "ctlplugin:", { NULL }, true },
};

static void
warnings_unknown_options(
    struct conf_load *load, const char *section, const struct kind *kind)
{
	const char *key, *file;
	size_t cursor = 0, line;

	while (ini_next_value(load->ini, section, &cursor, &key) != NULL) {
		/* An option of [DEFAULT], without a place here, may be for another kind. */
		bool known = !ini_where(load->ini, section, key, &file, &line);

		for (size_t i = 0; i < nitems(kind->tables) && !known; i++)
			known = kind->tables[i] != NULL &&
			    conf_find(kind->tables[i], key) != NULL;
		if (!known)
			conf_load_warn(
			    load, section, key, "[%s] has no option %s", section, key);
	}
}

static void
warnings_unknown(struct conf_load *load)
{
	const char *section;
	size_t cursor = 0;

	while ((section = ini_next(load->ini, &cursor)) != NULL) {
		const struct kind *kind = NULL;

		for (size_t i = 0; i < nitems(kinds) && kind == NULL; i++)
			if (str_starts(section, kinds[i].name))
				kind = &kinds[i];
		if (kind == NULL)
			conf_load_warn(load, section, NULL,
			    "[%s] is not a section that reeve knows", section);
		else if (!kind->open)
			warnings_unknown_options(load, section, kind);
	}
}

/* --- servers and [supervisord] --- */

/* Whether other machines cannot reach the host. */
static bool
warnings_is_loopback(const char *host)
{
	char bare[INET6_ADDRSTRLEN];
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	if (sscanf(host, "[%45[^]]]", bare) == 1 && inet_pton(AF_INET6, bare, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return str_equal(host, "localhost");
}

/* Whether a user can log in. */
static bool
warnings_has_password(const struct config *config)
{
	for (size_t i = 0; i < config->nusers; i++)
		if (config->users[i].password != NULL)
			return true;
	return false;
}

static void
warnings_open(struct conf_load *load, const struct listener_config *listener)
{
	const char *section = listener->section;
	enum role role = listener->max_role;

	/* With users, it accepts nobody without a password. */
	if (!listener->has_role && load->config->nusers > 0) {
		if (!warnings_has_password(load->config))
			conf_load_warn(load, section, "port",
			    "[%s] accepts nobody: it has no password, and no [user:NAME] "
			    "has one",
			    section);
		return;
	}
	if (listener->has_role && listener->unauthenticated_role < role)
		role = listener->unauthenticated_role;
	if (role <= ROLE_STATES)
		return;
	if (listener->has_role || role < ROLE_ADMIN)
		conf_load_warn(load, section, "port",
		    "[%s] has no password: every %s has the role %s", section,
		    listener->has_role ? "client" : "user of this machine",
		    role_name(role));
	else if (warnings_is_loopback(listener->host))
		conf_load_warn(load, section, "port",
		    "[%s] has no password: every user of this machine controls all "
		    "programs; set username= and password=, or use [unix_http_server]",
		    section);
	else
		conf_load_warn(load, section, "port",
		    "[%s] has no password: other machines can read states only, but every "
		    "user of this machine controls all programs; set username= and "
		    "password=, or unauthenticated_role=",
		    section);
}

void
conf_warn_socket(
    struct conf_load *load, const char *section, const char *key, const char *path)
{
	char *directory = conf_path_directory(path), *why;

	why = warnings_check_directory(*directory != '\0' ? directory : "/");
	if (*why != '\0')
		conf_load_warn(load, section, key, "[%s] directory %s of the socket: %s",
		    section, directory, why);
	free(why);
	free(directory);
}

static void
warnings_servers(struct conf_load *load)
{
	const struct config *config = load->config;

	for (size_t i = 0; i < config->nlisteners; i++) {
		const struct listener_config *listener = &config->listeners[i];

		if (!config->has_main_interface)
			conf_load_warn(load, listener->section, NULL,
			    "[%s] answers no call without a section "
			    "[rpcinterface:supervisor] with "
			    "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_"
			    "main_rpcinterface",
			    listener->section);
		if (listener->is_unix)
			conf_warn_socket(load, listener->section, "file", listener->path);
		else if (listener->username == NULL || *listener->username == '\0')
			warnings_open(load, listener);
	}
}

static void
warnings_daemon(struct conf_load *load)
{
	static const char section[] = "supervisord";
	const struct config *config = load->config;

	conf_warn_variables(load, section, &config->environment);
	if (strchr(config->identifier, '/') != NULL)
		conf_load_warn(load, section, "identifier",
		    "[supervisord] identifier=%s has a slash, so no AUTO log can be "
		    "created; remove the slash",
		    config->identifier);
	if (config->logfile != NULL)
		warnings_log(
		    load, section, "logfile", config->logfile, config->logfile_maxbytes);
	if (config->audit_log != NULL)
		warnings_log(load, section, "audit_log", config->audit_log,
		    config->audit_log_maxbytes);
}

void
conf_warn_config(struct conf_load *load)
{
	warnings_duplicates(load);
	warnings_unknown(load);
	warnings_servers(load);
	warnings_daemon(load);
	conf_warn_users(load);
}
