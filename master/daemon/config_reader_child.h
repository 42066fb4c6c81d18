/* Config reader child: the work of the configuration reader's child process, in its copy of
 * the master's memory. */
#ifndef MASTER_DAEMON_CONFIG_READER_CHILD_H
#define MASTER_DAEMON_CONFIG_READER_CHILD_H

#include "master/control/config_request.h"
#include "master/master.h"

#include <sys/types.h>

struct config_reader_task {
	enum config_request_kind kind;
	pid_t parent; /* the master; the child ends with it */
};

/* Reads, compares, and writes frames into the socket. The exit status. */
int config_reader_child(struct master *, const struct config_reader_task *, int socket);

#endif
