/* Event listener: the processes of an [eventlistener:x]: their standard output is the
 * protocol, and their group is a pool. */
#ifndef MASTER_CHILD_EVENTLISTENER_H
#define MASTER_CHILD_EVENTLISTENER_H

#include "master/process/group_ops.h"

/* The group's ops_ctx is the dispatcher. */
extern const struct group_ops eventlistener_group_ops;

#endif
