/* Group configuration: a group and its processes as configured, with all names expanded.
 * The configuration and the live group share it; it is read-only once it is built. Building
 * ends the program when memory is short. */
#ifndef MASTER_CONFIG_GROUP_CONFIG_H
#define MASTER_CONFIG_GROUP_CONFIG_H

#include "master/config/values/environment_list.h"
#include "master/config/values/users.h"
#include "proto/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum log_target { LOG_TO_NONE, LOG_TO_AUTO, LOG_TO_FILE };

struct output_config {
	enum log_target target;
	char *path; /* LOG_TO_FILE: absolute or as given; LOG_TO_AUTO: NULL */
	int64_t maxbytes, backups, capture_maxbytes;
	bool events_enabled, syslog;
};

enum output_id { OUTPUT_STDOUT, OUTPUT_STDERR, OUTPUT_MAX };

/* The processes that SIGKILL reaches when a program ends. KILL_PROCESS and KILL_GROUP only set
 * killasgroup. */
enum killmode { KILL_PROCESS, KILL_GROUP, KILL_TREE, KILL_CGROUP };

/* A share of the CPUs: so much time in each period. */
struct cpu_max {
	int64_t quota_us, period_us; /* 0 = not set */
};

/* What the control group of a process may use; 0 = not set. */
struct limits_config {
	int64_t memory_max, memory_high; /* bytes */
	int64_t cpu_weight, io_weight, pids_max;
	struct cpu_max cpu_max;
};

enum autorestart { AUTORESTART_FALSE, AUTORESTART_UNEXPECTED, AUTORESTART_TRUE };

/* One process of a program. */
struct process_config {
	char *section; /* its section in the file: "program:x" */
	char *name;    /* process name */
	char *command;
	struct environment environment;
	char *directory;   /* NULL = none */
	char *serverurl;   /* NULL = AUTO */
	struct user *user; /* owned; NULL = none */
	int64_t priority, startsecs, startretries, stopwaitsecs;
	bool autostart;
	enum autorestart autorestart;
	int *exitcodes;
	size_t nexitcodes;
	int stopsignal;
	bool stopasgroup, killasgroup, redirect_stderr;
	enum killmode killmode;
	struct limits_config limits;
	bool exit_on_fatal; /* its failure ends the daemon */
	bool is_main;       /* its end ends the daemon, and it is never restarted */
	bool reset_signals; /* the child has SIGPIPE and SIGXFSZ at their default, too */
	int umask;          /* -1 = none */
	struct output_config outputs[OUTPUT_MAX];
};

/* A namespace of the API that a program serves: [rpcinterface:x] with command=. */
struct rpcinterface_config {
	char *name;                 /* "x" */
	enum role role;             /* of the program's calls to the master */
	struct environment options; /* of its section, for the program */
};

enum group_kind {
	GROUP_PROGRAMS,
	GROUP_LISTENER_POOL,
	GROUP_FCGI,
	GROUP_INTERFACE,
	GROUP_KINDS,
};

/* How a listener's results are handled: only "OK" is success; every result is success;
 * every result is success and its text is printed. */
enum result_handler { RESULT_OK, RESULT_ANY, RESULT_PRINTED };

/* What an event listener's group has beyond its processes. */
struct pool_config {
	uint32_t events;     /* subscriptions, a bit per enum event_type */
	int64_t buffer_size; /* 0 = not given */
	bool counts_bytes;   /* event_length=bytes */
	enum result_handler handler;
};

/* What a FastCGI program's group has beyond its processes: the socket they share. */
struct fcgi_config {
	char *url;  /* for messages */
	char *path; /* of a Unix socket, absolute; NULL = TCP */
	mode_t mode;
	uid_t uid; /* (uid_t)-1 = leave */
	gid_t gid;
	char *address; /* TCP: in digits; NULL = the lookup failed */
	char *why;     /* that the lookup failed; else NULL */
	int port, backlog;
};

/* A group as configured: a [group:x], or the homogeneous group of one program. */
struct group_config {
	unsigned refs; /* the config and the live group */
	enum group_kind kind;
	/* The part of its kind; see master/config/group_kind.h. */
	struct pool_config pool;              /* of GROUP_LISTENER_POOL */
	struct rpcinterface_config interface; /* of GROUP_INTERFACE */
	struct fcgi_config fcgi;              /* of GROUP_FCGI */
	char *name;
	int64_t priority;
	struct process_config **processes; /* stored order */
	size_t nprocesses;
};

/* New, of one reference. */
struct group_config *group_config_new(enum group_kind, const char *name, int64_t priority);
struct group_config *group_config_ref(struct group_config *);
void group_config_unref(struct group_config *); /* NULL is fine */
void group_config_append(struct group_config *, struct process_config *take);
/* For qsort of an array of pointers: by priority, then by name. */
int group_config_compare(const void *a, const void *b);
void process_config_free(struct process_config *); /* NULL is fine */

#endif
