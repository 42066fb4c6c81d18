/* Master: the context that daemon/ and control/ share, in the place of globals. */
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

struct backlogs;
struct config_reader;
struct config_requests;
struct control;
struct daemon_ops;
struct dispatcher;
struct frontends;
struct http_sockets;
struct notify;
struct rpcinterfaces;
struct sequences;
struct state_stream;

/* What the state document has of the master itself. */
#define MASTER_FIELDS(ROW, S)								\
	/* Absolute, from the first run on, because a daemon changes its directory. */	\
	ROW(S, TEXT, config_path)							\
	/* As messages name it; NULL = as -c does, else by its path. */			\
	ROW(S, TEXT, config_name)							\
	ROW(S, RLIMIT, child_nofile)	/* of children */				\
	ROW(S, U64, next_id)		/* of processes: never reused */		\
	ROW(S, U64, seq)		/* of the state stream */			\
	ROW(S, U64, next_event)		/* serial of the next event */			\
	/* How often the groups of the configuration were replaced: pages of config.rows\
	 * belong together while it stays. */						\
	ROW(S, U64, rereads)								\
	ROW(S, INODE, pidfile)		/* that we wrote */				\
	ROW(S, BOOL, restart_wanted)	/* this run ends in another */			\
	/* Of the daemon: not 0 when a process with exit_on_fatal has failed. */	\
	ROW(S, INT, exit_status)

struct master {
	/* Of the whole life, kept over a restart. */
	const struct arguments *arguments;
	struct loop *loop;
	struct reaper *reaper;
	struct notify *notify; /* the service manager; NULL = none */
	char *self;            /* our binary; NULL = unknown */
	bool first;            /* run of this process */
	bool reexecuted;       /* out of FATAL, under the same pid */
	char **argv;           /* that we were executed with */
	/* Of the process before an upgrade, until its state is ours; NULL = none. */
	json_t *state;
	struct config *others; /* with groups that live by definitions of before */
	bool upgrade_wanted;
	enum terminal terminal; /* of the foreground */
	struct http_sockets
	    *http_sockets;            /* HTTP sockets, kept where their address stays */
	int document;                 /* a configuration checked for restart; -1 = none */
	struct mainlog *last_mainlog; /* of the last run, until this one has one */
	struct syslogger *last_syslog;
	/* Of one run, rebuilt by a restart. */
	struct config *config;
	size_t created;                 /* subsystems that exist */
	struct second_daemon second;    /* what listens at our control socket */
	struct second_daemon_lock lock; /* … until ours does */
	struct syslogger *syslog;
	struct backlogs *backlogs;
	struct mainlog *mainlog;
	struct groups *groups;
	struct group_kind_row kinds[GROUP_KINDS];
	struct child_context children;
	struct jobs *jobs;
	struct sequences *sequences;
	struct daemon *daemon;
	struct state_stream *state_stream;
	struct dispatcher *dispatcher;
	const struct daemon_ops *ops; /* for commands */
	struct control *control;
	struct config_requests *config_requests; /* what waits for … */
	struct config_reader *config_reader;
	struct frontends *frontends;
	struct rpcinterfaces *rpcinterfaces;
	struct source *fatal_timer; /* FATAL: SIGKILL is due to who is left */
	struct FIELDS(MASTER_FIELDS);
};

#endif
