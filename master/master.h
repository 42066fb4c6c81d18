/* Master: the context that daemon/ and control/ share, instead of globals. */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include "common/fields.h"
#include "common/loop.h"
#include "master/child/child.h"
#include "master/child/reaper.h"
#include "master/config/arguments.h"
#include "master/config/config.h"
#include "master/control/job.h"
#include "master/daemon/daemon_state.h"
#include "master/daemon/second_daemon.h"
#include "master/daemon/terminal.h"
#include "master/log/mainlog.h"
#include "master/log/syslogger.h"
#include "master/process/group.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

struct audit;
struct backlogs;
struct cgroups;
struct clock_watch;
struct config_reader;
struct config_requests;
struct connection;
struct control;
struct daemon_ops;
struct dispatcher;
struct fdstore;
struct frontends;
struct http_sockets;
struct notify;
struct rpcinterfaces;
struct sequences;
struct state_stream;
struct survivors;
struct upgrade;
struct usage;
struct verifier;

/* The master's own members of the state document. */
#define MASTER_FIELDS(ROW, S)								\
	/* Absolute from the first run on, because daemonizing changes directories. */	\
	ROW(S, TEXT, config_path)							\
	/* The name in messages; NULL = the argument of -c, or else the path. */	\
	ROW(S, TEXT, config_name)							\
	ROW(S, RLIMIT, child_nofile)	/* of children */				\
	ROW(S, U64, next_id)		/* of processes: never reused */		\
	ROW(S, U64, seq)		/* latest number of the state stream */		\
	ROW(S, U64, next_event)		/* serial of the next event */			\
	/* How often the configuration's groups were replaced: pages of config.rows with\
	 * the same number belong together. */						\
	ROW(S, U64, rereads)								\
	ROW(S, INODE, pidfile)		/* the file that we wrote */			\
	ROW(S, BOOL, restart_wanted)	/* another run follows this one */		\
	/* Of the daemon: not 0 when a program has failed that ends it. */		\
	ROW(S, INT, exit_status)							\
	ROW(S, U64, frontend_restarts)	/* of reeve-rpcd processes */			\
	/* Path of our binary, which an upgrade executes; NULL = unknown. */		\
	ROW(S, TEXT, self)								\
	ROW(S, U64, upgrades)	/* since the start */					\
	/* The request that the new process answers, and its connection; 0 = none. */	\
	ROW(S, U64, upgrade_number)							\
	ROW(S, U64, upgrade_id)

struct master {
	/* Kept over a restart. */
	const struct arguments *arguments;
	struct loop *loop;
	struct reaper *reaper;
	struct notify *notify;   /* the service manager; NULL = none */
	struct fdstore *fdstore; /* what the service manager stores */
	bool first;              /* this is the first run of the process */
	bool reexecuted;         /* executed again, to restart out of FATAL */
	char **argv;
	/* The state before an upgrade, while this run takes it over; NULL = none. */
	json_t *state;
	struct config *others; /* of that state: older definitions of active groups */
	bool checks;           /* --resume-check: only reads the state */
	struct upgrade *upgrade;
	/* The client that waits for an upgrade; NULL = none. */
	struct connection *upgrade_client;
	enum terminal terminal;
	/* A restart keeps those whose address stays. */
	struct http_sockets *http_sockets;
	int document; /* a configuration that was checked for a restart; -1 = none */
	/* The log of the previous run, until this one has opened its own. */
	struct mainlog *last_mainlog;
	struct syslogger *last_syslog;
	/* Of one run, created again by a restart. */
	struct config *config;
	size_t created;                 /* number of subsystems that exist */
	struct second_daemon second;    /* the daemon that has our control socket */
	struct second_daemon_lock lock; /* held while this daemon starts */
	struct syslogger *syslog;
	struct backlogs *backlogs;
	struct mainlog *mainlog;
	struct groups *groups;
	struct group_kind_row kinds[GROUP_KINDS];
	struct child_context children;
	struct jobs *jobs;
	struct usage *usage;
	struct cgroups *cgroups;
	struct sequences *sequences;
	struct clock_watch *clock_watch;
	struct daemon *daemon;
	struct state_stream *state_stream;
	struct dispatcher *dispatcher;
	const struct daemon_ops *ops; /* for commands */
	struct audit *audit;          /* what clients do */
	struct control *control;
	struct config_requests *config_requests;
	struct config_reader *config_reader;
	struct frontends *frontends;
	struct rpcinterfaces *rpcinterfaces;
	struct verifier *verifier;
	struct survivors *survivors; /* the record of what runs */
	struct source *fatal_timer;  /* FATAL: when children that remain get SIGKILL */
	struct FIELDS(MASTER_FIELDS);
};

#endif
