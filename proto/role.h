/* Role: how much a connection may do; states < view < operate < admin. */
#ifndef PROTO_ROLE_H
#define PROTO_ROLE_H

#include "common/compiler.h"

enum role {
	ROLE_NONE,	/* nothing at all */
	ROLE_STATES,	/* see states */
	ROLE_VIEW,	/* and read logs */
	ROLE_OPERATE,	/* and start, stop, signal, write, clear */
	ROLE_ADMIN,	/* and shut down, restart, reconfigure */
	ROLE_MAX
};

const char *role_name(enum role);
/* Word → role, or -1. */
int role_parse(const char *word);

#endif
