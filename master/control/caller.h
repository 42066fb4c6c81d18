/* Caller: who has sent a request, and what they may do. The kernel names the user who is
 * connected to the control socket. reeve-rpcd names its own client in the member `by` of a
 * request; a compromised one can name anybody, so these claims can only narrow what the
 * connection may do. */
#ifndef MASTER_CONTROL_CALLER_H
#define MASTER_CONTROL_CALLER_H

#include "common/compiler.h"
#include "master/control/rights.h"
#include "proto/cmd.h"
#include "proto/fault.h"
#include "proto/grant.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct caller {
	struct grant *grant; /* borrowed */
	enum role ceiling;   /* the highest role that the connection allows */
	/* The process that is connected; -1 = unknown. */
	pid_t pid;
	uid_t uid;
	/* Claims of reeve-rpcd, borrowed from the request; NULL = none. */
	bool claimed;
	bool is_server; /* the user is username= of the server, not of a [user:] */
	const char *user, *from, *listener, *method, *forwarded;
};

/* Reads the claims and narrows the caller's rights to those of the claimed user. True, or
 * false: a fault, with *why new (NULL with ENOMEM). `by` NULL: there are none. */
NODISCARD bool caller_read(
    struct caller *, const struct rights *, const json_t *by, enum fault *, char **why);
/* Whether the caller may send the command; if not, *why is new (NULL with ENOMEM). */
NODISCARD bool caller_may(const struct caller *, enum cmd_id, char **why);

#endif
