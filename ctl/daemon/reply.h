/* Reply: the outcome of reaching a server and of a call, for both kinds of servers. */
#ifndef CTL_DAEMON_REPLY_H
#define CTL_DAEMON_REPLY_H

#include "proto/fault.h"

#include <jansson.h>
#include <stdbool.h>

/* How an attempt to reach a server ended. */
enum reach {
	REACH_OK,
	REACH_NO_FILE,		/* there is no socket */
	REACH_REFUSED,		/* no process listens */
	REACH_UNAUTHORIZED,	/* user name or password is missing or wrong */
	REACH_NO_INTERFACE,	/* XML-RPC without supervisor's methods */
	REACH_OTHER_API,	/* another API version: *why is the version */
	REACH_FAULT,		/* the server returned a fault: *why is the text */
	REACH_DENIED,		/* the control socket has no rights for this user: *why */
	REACH_FAILED,		/* another failure: *why is the reason */
};

/* The outcome of a call; clear it with reply_clear. */
struct reply {
	enum fault fault;
	char *text;     /* the fault's text, NULL without a fault */
	json_t *result; /* NULL with a fault */
	int fd;         /* the descriptor that came with it, owned, or -1 */
	bool cancelled; /* with NOT_RUNNING: a pending start was cancelled */
};

#define REPLY_NONE { .fd = -1 }

/* Whether no server was reached. */
bool reply_is_absent(enum reach);
void reply_clear(struct reply *);
/* Replaces the reply by a fault; text is taken. */
void reply_set_fault(struct reply *, enum fault, char *text);
/* The string of a member, "" without one. Borrowed. */
const char *reply_member(const json_t *object, const char *name);
/* New: the meaning of a fault and the details of its text, for a terminal: "the daemon is
 * shutting down". */
char *reply_meaning(enum fault, const char *text);

#endif
