/* Group kinds: the table of the kinds of groups. */
#ifndef MASTER_DAEMON_GROUP_KINDS_H
#define MASTER_DAEMON_GROUP_KINDS_H

#include "master/master.h"

/* Fills master->kinds; the dispatcher and the rpcinterfaces exist already. */
void group_kinds_fill(struct master *);

#endif
