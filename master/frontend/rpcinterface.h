/* Interface: a program that serves a namespace of the API: its two sockets, one to
 * reeve-rpcd, one to ourselves (reeve-rpcinterface(7)). */
#ifndef MASTER_FRONTEND_RPCINTERFACE_H
#define MASTER_FRONTEND_RPCINTERFACE_H

#include "common/compiler.h"
#include "master/master.h"

/* Makes the sockets of a process about to be spawned: ours are kept in its runtime,
 * *to_front_end and *to_master are the child's. 0, or -1 with errno. */
NODISCARD int rpcinterface_plumb(struct process *, int *to_front_end, int *to_master);
/* It has been spawned: a front end that is ready is told of it. */
void rpcinterface_offer(struct process *);
/* It has ended, or was not spawned: its sockets are closed, whoever holds their other ends,
 * and the front end is told. */
void rpcinterface_unplug(struct process *);
/* It has ended, and was stopped for this: it is started again, if nothing speaks against
 * it. */
void rpcinterface_renewed(struct process *);
/* It is told to stop: true when it was being stopped only to be started again, and now it
 * will stay so. Any process. */
bool rpcinterface_stay(struct process *);
/* Its group is removed: the front end forgets the namespace. */
void rpcinterface_removed(struct master *, const struct group_config *);
/* A front end has gone: the programs that it knew are stopped and started again. */
void rpcinterface_front_end_gone(struct master *);
/* A front end has become ready: it is told of the programs, and those that it cannot be
 * told of, whatever they have lived through, are stopped and started again. */
void rpcinterface_front_end_ready(struct master *);

#endif
