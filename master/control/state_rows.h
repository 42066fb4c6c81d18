/* Publish rows: what the state stream says of the daemon and of a process, as they are. */
#ifndef MASTER_CONTROL_STATE_ROWS_H
#define MASTER_CONTROL_STATE_ROWS_H

#include "master/control/state_stream.h"

/* For state_stream_new; its context is the master. */
extern const struct state_stream_ops state_rows;

#endif
