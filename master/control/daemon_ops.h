/* Daemon ops: what commands request of the daemon, whose modules stand above them. */
#ifndef MASTER_CONTROL_DAEMON_OPS_H
#define MASTER_CONTROL_DAEMON_OPS_H

#include "master/control/config_request.h"
#include "proto/fault.h"

struct daemon_ops {
	void (*shutdown)(struct master *);
	/* Nothing happens while a shutdown is under way (SHUTDOWN_STATE) and after a
	 * mistake in the configuration, which is logged (CANT_REREAD). `done` is called at
	 * once or when that has been read. */
	void (*restart)(
	    struct master *, config_request_fn *done, struct connection *, uint64_t id);
	/* The binary is executed, and goes on with the state as it is. */
	void (*upgrade)(struct master *);
	/* By a group's name: FAULT_NONE, or a fault with *detail new (NULL = the name). */
	enum fault (*add_group)(struct master *, const char *name, char **detail);
	enum fault (*remove_group)(struct master *, const char *name, char **detail);
};

#endif
