/* Event listener: the processes of an [eventlistener:x]. Their standard output is the
 * listener protocol, and their group is a listener pool. */
#ifndef MASTER_CHILD_EVENTLISTENER_H
#define MASTER_CHILD_EVENTLISTENER_H

#include "common/loglimit.h"
#include "master/child/printer.h"
#include "master/event/listener_protocol.h"
#include "master/process/group_ops.h"

/* The kind_state of a process. */
struct eventlistener {
	struct listener_protocol *protocol; /* while it runs; else NULL */
	struct printer *printer;            /* while it runs, with RESULT_PRINTED */
	struct logfile *print_log;          /* our stdout; NULL = closed */
	struct pool_event unanswered;       /* from its exit until its state has changed */
	struct listener_limits limits;
	struct log_limit unprinted; /* log lines about results that cannot be printed */
};

/* The group's ops_ctx is the dispatcher. */
extern const struct group_ops eventlistener_group_ops;

/* Of a process of this kind that was attached, else NULL; borrowed. */
struct eventlistener *eventlistener_of(const struct process *);

#endif
