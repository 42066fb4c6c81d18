/* Publish rows: what the state stream says of the daemon and of a process, as they are. */
#ifndef MASTER_PUBLISH_ROWS_H
#define MASTER_PUBLISH_ROWS_H

#include "master/publish.h"

/* For publisher_new; its context is the master. */
extern const struct publish_ops publish_rows;

#endif
