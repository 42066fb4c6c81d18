/* Config: a whole configuration, typed and validated. Built by config_load, then
 * read-only. */
#ifndef MASTER_CONFIG_CONFIG_H
#define MASTER_CONFIG_CONFIG_H

#include "common/compiler.h"
#include "common/log.h"
#include "master/config/arguments.h"
#include "master/config/group_config.h"
#include "master/config/user_config.h"
#include "master/config/values/environment_list.h"
#include "proto/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A process as getAllConfigInfo lists it; both borrowed. */
struct config_row {
	const struct group_config *group;
	const struct process_config *process;
	size_t nth; /* position in the order of the groups */
};

/* An [inet_http_server] or [unix_http_server]. */
struct listener_config {
	char *section; /* "inet_http_server", "unix_http_server:x" */
	bool is_unix;
	char *path; /* Unix: absolute */
	int mode;   /* 0700 by default */
	uid_t uid;  /* (uid_t)-1 = leave */
	gid_t gid;
	char *host; /* TCP: "" = all of IPv4; IPv6 is "[::1]" */
	int port;
	char *address; /* of the host in digits, if it was looked up; else NULL */
	char *username, *password; /* NULL = none; password maybe "{SHA}hex" */
	bool has_role;             /* unauthenticated_role= was given */
	enum role unauthenticated_role;
	char *server_names;     /* separated by one blank; NULL = none given */
	enum role max_role;     /* what any client has at most; default: admin */
	enum role metrics_role; /* what /metrics needs; none: no credentials either */
};

struct config_message {
	enum log_level level;
	char *text;
	char *place;     /* "FILE:LINE", or NULL */
	bool is_finding; /* a warning of reeve's own: logged with its place */
	bool is_new;     /* in a reread: the last reading did not have it */
};

/* What a start does with processes that an earlier daemon has left running. */
enum unclean_start { UNCLEAN_IGNORE, UNCLEAN_STOP, UNCLEAN_ADOPT };

struct config {
	char *file; /* the name in messages */
	char *here; /* its directory, absolute */
	/* [supervisord] */
	char *logfile; /* absolute; NULL when syslog */
	bool logfile_syslog;
	char *syslog_socket;
	int64_t logfile_maxbytes, logfile_backups;
	enum log_level loglevel;
	char *pidfile; /* absolute */
	int umask;
	bool nodaemon, silent, nocleanup, strip_ansi;
	int64_t minfds, minprocs;
	char *childlogdir;
	struct user *user; /* NULL = none */
	char *directory;   /* NULL = none */
	struct environment environment;
	char *identifier;
	char *control_socket;    /* default: pidfile + ".ctl"; "" = none */
	struct user *rpcd_user;  /* rpcd_user=, else reeve, else nobody */
	bool confinement_strict; /* rpcd_confinement=strict */
	struct peer_list peers;
	char *audit_log; /* absolute; NULL = none */
	int64_t audit_log_maxbytes, audit_log_backups;
	char *state_directory; /* absolute; NULL = none */
	enum unclean_start on_unclean_start;
	bool has_main_interface; /* [rpcinterface:supervisor] with our factory */
	char **interfaces;       /* names of all rpcinterface sections that are ours */
	size_t ninterfaces;
	struct listener_config *listeners; /* inet first, then unix, in file order */
	size_t nlisteners;
	struct user_config *users; /* sorted by name */
	size_t nusers;
	struct group_config **groups; /* sorted by priority, then name */
	size_t ngroups;
	struct config_row *rows; /* all their processes, sorted by process name */
	size_t nrows;
	struct config_message *messages; /* to log once it is in use, worst level first */
	size_t nmessages;
};

/* Reads and validates the file that the arguments name, or the first file of the search
 * path. Creates no files. 0 with *config new, or -1 with *error new: the text after
 * "Error: ". */
NODISCARD int config_load(const struct arguments *, struct config **config, char **error);
/* Fills config->rows. 0, or -1 with ENOMEM. */
NODISCARD int config_list_rows(struct config *);
/* Moves the groups of `fresh` to `live`, where they replace groups of the same name, and
 * drops the n groups that `gone` names. 0, or -1 with ENOMEM; then nothing has changed. */
NODISCARD int config_merge_groups(
    struct config *live, struct config *fresh, char *const *gone, size_t n);
/* Copies a configuration through the frames of a document, as the daemon receives it from
 * the configuration reader. 0 with *config new, or -1 with *error new. */
NODISCARD int config_pass(
    const struct config *loaded, struct config **config, char **error);
void config_free(struct config *); /* drops its references to groups; NULL is fine */
/* The user of that name; NULL = none. Borrowed. */
const struct user_config *config_user(const struct config *, const char *name);
/* The group of that name; NULL = none. Borrowed. */
struct group_config *config_group(const struct config *, const char *name);
/* Logs a message, a finding with its place. */
void config_log(const struct config_message *);

#endif
