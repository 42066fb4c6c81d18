/* Rpcinterface: a program that serves a namespace of the API through two sockets, one to
 * reeve-rpcd and one to the master (reeve-rpcinterface(7)). */
#ifndef MASTER_FRONTEND_RPCINTERFACE_H
#define MASTER_FRONTEND_RPCINTERFACE_H

#include "common/compiler.h"
#include "master/process/group.h"
#include "proto/peer/peer.h"
#include "proto/role.h"

#include <stdbool.h>

struct connection;
struct rpcinterfaces;

struct rpcinterface_ops {
	/* Takes a socket as the connection of a program that may do what the role allows;
	 * *holder is set to it, and to NULL when it is over. 0, or -1 with errno. */
	int (*admit)(void *ctx, int fd_take, enum role, const char *name,
	    struct connection **holder);
	void (*drop)(void *ctx, struct connection *);
	/* Of a reeve-rpcd that is ready, or NULL; borrowed. */
	struct peer *(*rpcd)(void *ctx);
};

/* New; what all such programs use. NULL with ENOMEM. */
struct rpcinterfaces *rpcinterfaces_new(
    struct groups *, const struct rpcinterface_ops *, void *ctx);
void rpcinterfaces_free(struct rpcinterfaces *);
/* reeve-rpcd has gone: the programs that it was connected to are stopped and started. */
void rpcinterfaces_rpcd_gone(struct rpcinterfaces *);
/* reeve-rpcd has become ready: it gets the sockets of the programs. Those whose socket an
 * earlier one had are stopped and started. */
void rpcinterfaces_rpcd_ready(struct rpcinterfaces *);

/* Makes the sockets of a process about to be spawned: ours are kept in its runtime,
 * *to_rpcd and *to_master are the child's. 0, or -1 with errno. */
NODISCARD int rpcinterface_plumb(
    struct rpcinterfaces *, struct process *, int *to_rpcd, int *to_master);
/* The process has been spawned: a reeve-rpcd that is ready gets its socket. */
void rpcinterface_offer(struct rpcinterfaces *, struct process *);
/* The process has ended, or was not spawned: closes its sockets, also at their other ends,
 * and notifies reeve-rpcd. */
void rpcinterface_unplug(struct rpcinterfaces *, struct process *);
/* The process has ended that was stopped for a new reeve-rpcd: starts it again, if nothing
 * speaks against it. */
void rpcinterface_renewed(struct process *);
/* A stop of any process was requested: true when it was being stopped only to be started
 * again; now it stays stopped. */
bool rpcinterface_stay(struct process *);
/* Its group is removed: reeve-rpcd forgets the namespace. */
void rpcinterface_removed(struct rpcinterfaces *, const struct group_config *);

#endif
