/* Config reader child: what the child of the configuration reader does, in its copy of
 * the master's memory. */
#ifndef MASTER_DAEMON_CONFIG_READER_CHILD_H
#define MASTER_DAEMON_CONFIG_READER_CHILD_H

#include "master/control/config_request.h"
#include "master/master.h"

#include <sys/types.h>

struct config_reader_task {
	enum config_request_kind kind;
	pid_t parent; /* the master, which the child does not outlive */
};

/* Reads, compares and writes frames into the socket; the exit status. */
int config_reader_child(struct master *, const struct config_reader_task *, int socket);

#endif
