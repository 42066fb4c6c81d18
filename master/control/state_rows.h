/* Publish rows: what the state stream says of the daemon and of a process, as they are. */
#ifndef MASTER_CONTROL_STATE_ROWS_H
#define MASTER_CONTROL_STATE_ROWS_H

#include "master/control/state_stream.h"

/* For publisher_new; its context is the master. */
extern const struct publish_ops publish_rows;

#endif
