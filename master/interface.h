/* Interface: a program that serves a namespace of the API: its two sockets, one to
 * reeve-rpcd, one to ourselves (reeve-rpcinterface(7)). */
#ifndef MASTER_INTERFACE_H
#define MASTER_INTERFACE_H

#include "common/compiler.h"
#include "master/master.h"

/* Makes the sockets of a process about to be spawned: ours are kept in its runtime,
 * *to_front_end and *to_master are the child's. 0, or -1 with errno. */
NODISCARD int interface_plumb(struct process *, int *to_front_end, int *to_master);
/* It has been spawned: a front end that is ready is told of it. */
void interface_offer(struct process *);
/* A front end has become ready: it is told of those that are new, and the others, which
 * knew an earlier one, are started anew. */
void interface_front_end_ready(struct master *);

#endif
