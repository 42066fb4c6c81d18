/* Rpcinterface: a program that serves a namespace of the API through two sockets, one to
 * reeve-rpcd and one to the master (reeve-rpcinterface(7)). */
#ifndef MASTER_FRONTEND_RPCINTERFACE_H
#define MASTER_FRONTEND_RPCINTERFACE_H

#include "master/process/group.h"
#include "proto/peer/peer.h"
#include "proto/role.h"

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

/* The group's ops_ctx is a struct rpcinterfaces. */
extern const struct group_ops rpcinterface_group_ops;

/* New; what all such programs use. NULL with ENOMEM. */
struct rpcinterfaces *rpcinterfaces_new(
    struct groups *, const struct rpcinterface_ops *, void *ctx);
void rpcinterfaces_free(struct rpcinterfaces *);
/* reeve-rpcd has gone: the programs that it was connected to are stopped and started. */
void rpcinterfaces_rpcd_gone(struct rpcinterfaces *);
/* reeve-rpcd has become ready: it gets the sockets of the programs. Those whose socket an
 * earlier one had are stopped and started. */
void rpcinterfaces_rpcd_ready(struct rpcinterfaces *);

#endif
