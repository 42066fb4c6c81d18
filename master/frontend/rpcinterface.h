/* Rpcinterface: the programs that serve a namespace of the API. Each has two sockets, one
 * to reeve-rpcd and one to the master (reeve-rpcinterface(7)). */
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
	/* Makes a connection with this role of the socket of a program. *holder points to
	 * it, and becomes NULL when it ends. 0, or -1 with errno. */
	int (*admit)(void *ctx, int fd_take, enum role, const char *name,
	    struct connection **holder);
	void (*drop)(struct connection *);
	/* The peer of the reeve-rpcd that is ready, or NULL; borrowed. */
	struct peer *(*rpcd)(void *ctx);
};

/* The group's ops_ctx is a struct rpcinterfaces. */
extern const struct group_ops rpcinterface_group_ops;

/* New; shared by all such programs. NULL with ENOMEM. */
struct rpcinterfaces *rpcinterfaces_new(
    struct groups *, const struct rpcinterface_ops *, void *ctx);
void rpcinterfaces_free(struct rpcinterfaces *);
/* reeve-rpcd has ended: restarts the programs that it was connected to. */
void rpcinterfaces_rpcd_gone(struct rpcinterfaces *);
/* reeve-rpcd has become ready: sends it the sockets of the programs, and restarts those
 * whose socket an earlier reeve-rpcd had. */
void rpcinterfaces_rpcd_ready(struct rpcinterfaces *);

/* For the state document: a process of such a program. Its connection to the master (NULL =
 * closed), and the socket that was not sent to reeve-rpcd yet (-1 = it was); borrowed. */
bool rpcinterface_is(const struct process *);
struct connection *rpcinterface_connection(const struct process *);
int rpcinterface_unsent(const struct process *);
/* Takes them over, also on failure; socket: of the connection, -1 = closed. *connection:
 * NULL = none. 0, or -1 with errno. */
NODISCARD int rpcinterface_resume(
    struct process *, int unsent_take, int socket_take, struct connection **connection);

#endif
