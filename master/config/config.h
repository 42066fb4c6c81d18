/* Config: everything that supervisord.conf says, typed and checked
 * (reference 4, and reeve's own options). Built by config_load, then read-only. */
#ifndef MASTER_CONFIG_CONFIG_H
#define MASTER_CONFIG_CONFIG_H

#include "common/compiler.h"
#include "common/log.h"
#include "master/config/http_listener.h"
#include "master/config/options.h"
#include "proto/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A user with all that a drop to it needs, resolved at load (design 1). */
struct user {
	char *name;		/* as configured: name or number */
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t ngroups;
};

struct variable {
	char *name, *value;
};

struct environment { /* in the order given; a later duplicate replaces in place */
	struct variable *items;
	size_t count;
};

enum log_target { LOG_TO_NONE, LOG_TO_AUTO, LOG_TO_FILE };

struct output_config {
	enum log_target target;
	char *path;		/* LOG_TO_FILE: absolute or as given; LOG_TO_AUTO: NULL */
	int64_t maxbytes, backups, capture_maxbytes;
	bool events_enabled, syslog;
};

enum output_id { OUTPUT_STDOUT, OUTPUT_STDERR, OUTPUT_MAX };

enum autorestart { AUTORESTART_FALSE, AUTORESTART_UNEXPECTED, AUTORESTART_TRUE };

/* One process of a program, all expansions done. */
struct process_config {
	char *section;		/* that it comes from: "program:x" */
	char *name;		/* process name */
	char *command;
	struct environment environment;
	char *directory;	/* NULL = none */
	char *serverurl;	/* NULL = AUTO */
	struct user *user;	/* owned; NULL = none */
	int64_t priority, startsecs, startretries, stopwaitsecs;
	bool autostart;
	enum autorestart autorestart;
	int *exitcodes;
	size_t nexitcodes;
	int stopsignal;
	bool stopasgroup, killasgroup, redirect_stderr;
	bool exit_on_fatal;	/* the daemon does not outlive it */
	bool reset_signals;	/* also SIGPIPE and SIGXFSZ are at their default */
	int umask;		/* -1 = none */
	struct output_config outputs[OUTPUT_MAX];
};

/* A namespace of the API that a program serves: [rpcinterface:x] with command=. */
struct rpcinterface_config {
	char *name;		/* "x" */
	enum role role;		/* of its own calls to the master */
	struct environment options;	/* of its section, handed to it */
};

enum group_kind { GROUP_PROGRAMS, GROUP_LISTENER_POOL, GROUP_FCGI, GROUP_INTERFACE };

/* What judges a listener's results: "OK" is good; every result is; and its text is printed
 * besides. */
enum result_handler { RESULT_OK, RESULT_ANY, RESULT_PRINTED };

/* What an event listener's group has beyond its processes. */
struct pool_config {
	uint32_t events;	/* subscriptions, a bit per enum event_type */
	int64_t buffer_size;	/* 0 = not given */
	bool counts_bytes;	/* event_length=bytes */
	enum result_handler handler;
};

/* What a FastCGI program's group has beyond its processes: the socket they share. */
struct fcgi_config {
	char *url;		/* as it is shown */
	char *path;		/* of a Unix socket, absolute; NULL = TCP */
	mode_t mode;
	uid_t uid;		/* (uid_t)-1 = leave */
	gid_t gid;
	char *address;		/* TCP: as a number, or NULL … */
	char *why;		/* … because of this */
	int port, backlog;
};

/* A group as configured: a [group:x], or the homogeneous group of one program. */
struct group_config {
	unsigned refs;		/* the config and the live group */
	enum group_kind kind;
	struct pool_config pool;	/* of GROUP_LISTENER_POOL */
	struct rpcinterface_config *interface;	/* of GROUP_INTERFACE; owned */
	struct fcgi_config fcgi;	/* of GROUP_FCGI */
	char *name;
	int64_t priority;
	struct process_config **processes;	/* stored order (reference 3.5) */
	size_t nprocesses;
};

/* A process as getAllConfigInfo lists it; both borrowed. */
struct config_row {
	const struct group_config *group;
	const struct process_config *process;
	size_t nth;		/* in the order of the groups */
};

struct config_message {
	enum log_level level;
	char *text;
	char *place;		/* "FILE:LINE", or NULL */
	bool is_finding;	/* reeve's own: the log shows the place as well */
};

struct config {
	char *file;		/* as found */
	char *here;		/* its directory, absolute */
	/* [supervisord] */
	char *logfile;		/* absolute; NULL when syslog */
	bool logfile_syslog;
	char *syslog_socket;
	int64_t logfile_maxbytes, logfile_backups;
	enum log_level loglevel;
	char *pidfile;		/* absolute */
	int umask;
	bool nodaemon, silent, nocleanup, strip_ansi;
	int64_t minfds, minprocs;
	char *childlogdir;
	struct user *user;	/* NULL = none */
	char *directory;	/* NULL = none */
	struct environment environment;
	char *identifier;
	char *control_socket;	/* default: pidfile + ".ctl"; "" = none */
	struct user *rpcd_user;	/* rpcd_user=, else reeve, else nobody; NULL: none exists */
	bool confinement_strict;	/* rpcd_confinement=strict */
	bool has_main_interface;	/* [rpcinterface:supervisor] with our factory */
	char **interfaces;	/* names of all rpcinterface sections that are ours */
	size_t ninterfaces;
	struct listener_config *listeners;	/* inet first, then unix, in file order */
	size_t nlisteners;
	struct group_config **groups;	/* sorted by priority, then name */
	size_t ngroups;
	struct config_row *rows;	/* all their processes, sorted by process name */
	size_t nrows;
	struct config_message *messages;	/* to log when it works: CRIT, WARN, INFO */
	size_t nmessages;
};

/* Reads and checks the file named by the options or found on the search path (4.8). 0 with
 * *config new, or -1 with *error new: the text after "Error: ". Nothing is created. */
NODISCARD int config_load(const struct options *, struct config **config, char **error);
void config_free(struct config *);	/* drops its references to groups; NULL is fine */
void process_config_free(struct process_config *);	/* NULL is fine */
struct group_config *group_config_ref(struct group_config *);
void group_config_unref(struct group_config *);
/* Logs a message that reading the configuration left. */
void config_log(const struct config_message *);
/* Value for the name, or NULL. Borrowed. */
const char *environment_get(const struct environment *, const char *name);

#endif
