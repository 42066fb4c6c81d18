/* Group kinds: the table of all kinds of groups. */
#ifndef MASTER_DAEMON_GROUP_KINDS_H
#define MASTER_DAEMON_GROUP_KINDS_H

#include "master/master.h"

/* Fills the rows for one run, whose parts exist. */
void group_kinds_fill(struct master *);

#endif
