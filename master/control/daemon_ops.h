/* Daemon ops: functions of the daemon that the command handlers call. */
#ifndef MASTER_CONTROL_DAEMON_OPS_H
#define MASTER_CONTROL_DAEMON_OPS_H

#include "master/control/config_request.h"
#include "proto/fault.h"

struct daemon_ops {
	void (*shutdown)(struct master *);
	/* Reads the configuration, calls done, then restarts. Does not restart when a
	 * shutdown is under way (SHUTDOWN_STATE) or the configuration has an error, which
	 * is logged (CANT_REREAD). */
	void (*restart)(
	    struct master *, config_request_fn *done, struct connection *, uint64_t id);
	/* Executes the binary, which continues from the present state and answers the
	 * client (NULL = none). A failure is answered before. */
	void (*upgrade)(struct master *, struct connection *, uint64_t id);
	/* By a group's name: FAULT_NONE, or a fault with *detail new (NULL = the name). */
	enum fault (*add_group)(struct master *, const char *name, char **detail);
	enum fault (*remove_group)(struct master *, const char *name, char **detail);
};

#endif
