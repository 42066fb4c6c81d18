/* Master: what the rooms of reeved share: one context, no globals. */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include "common/loop.h"
#include "master/child/child.h"
#include "master/child/reap.h"
#include "master/config/config.h"
#include "master/config/options.h"
#include "master/control/job.h"
#include "master/daemon/daemon_state.h"
#include "master/daemon/second_daemon.h"
#include "master/daemon/terminal.h"
#include "master/log/mainlog.h"
#include "master/log/syslogger.h"
#include "master/process/group.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

struct backlogs;
struct control;
struct dispatcher;
struct frontend_list;
struct rpcinterfaces;
struct http_sockets;
struct notify;
struct state_stream;
struct sequences;

struct master {
	/* Of the whole life, kept over a restart. */
	const struct options *options;
	struct loop *loop;
	struct reaper *reaper;
	struct notify *notify;		/* the service manager; NULL = none */
	char *config_path; /* absolute, from the first run on: a daemon changes its
			    * directory */
	char *config_name; /* what messages call it; NULL = as -c does, else by its path */
	char *self;			/* our binary; NULL = unknown */
	bool first;			/* run of this process */
	bool reexecuted;		/* out of FATAL, under the same pid */
	enum terminal terminal;		/* of the foreground */
	struct rlimit child_nofile;	/* what children get */
	uint64_t next_id;		/* of processes: never reused */
	uint64_t seq;			/* of the state stream */
	uint64_t next_event;		/* serial of the next event */
	struct http_sockets
	    *http_sockets;		/* HTTP sockets, kept where their address stays */
	struct config *next;		/* checked for a restart; NULL = none */
	struct mainlog *last_mainlog;	/* of the run before, until this one has its own */
	struct syslogger *last_syslog;
	/* Of one run, rebuilt by a restart. */
	struct config *config;
	size_t created;			/* subsystems that exist */
	struct second_daemon second;	/* what listens at our control socket */
	struct second_daemon_lock lock;	/* … until ours does */
	struct safepath_id pidfile;	/* that we wrote */
	uint64_t rereads;	/* how often its groups were replaced: pages of
				 * config.rows belong together while it stays */
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
	struct control *control;
	struct frontend_list *frontends;
	struct rpcinterfaces *rpcinterfaces;
	struct source *fatal_timer;	/* FATAL: SIGKILL is due to who is left */
	bool restart_wanted;		/* what ends this run was asked to lead to */
	int exit_status;		/* … else the daemon's own: not 0 when a process
					 * with exit_on_fatal has failed */
};

#endif
