/* Role: what a connection may do; each role includes those before it. */
#ifndef PROTO_ROLE_H
#define PROTO_ROLE_H

#include "common/compiler.h"

enum role {
	ROLE_NONE,	/* nothing */
	ROLE_STATES,	/* see the states of processes */
	ROLE_VIEW,	/* read logs */
	ROLE_OPERATE,	/* start, stop and signal processes, write to them, clear logs */
	ROLE_ADMIN,	/* shut down, restart, reconfigure */
	ROLE_MAX
};

const char *role_name(enum role);
/* The role of a word, or -1. */
int role_parse(const char *word);

#endif
