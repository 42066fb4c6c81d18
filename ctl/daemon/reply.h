/* Reply: the outcome of reaching a server and of a call, for both kinds of server. */
#ifndef CTL_REPLY_H
#define CTL_REPLY_H

#include "proto/fault.h"

#include <jansson.h>
#include <stdbool.h>

/* How an attempt to reach a server ended. */
enum reach {
	REACH_OK,
	REACH_NO_FILE,		/* no socket there */
	REACH_REFUSED,		/* no process listens */
	REACH_UNAUTHORIZED,	/* it requires a user and a password, or others */
	REACH_NO_INTERFACE,	/* XML-RPC without supervisor's methods */
	REACH_OTHER_API,	/* of another version: *why is it */
	REACH_FAULT,		/* reached, but it returns a fault: *why is its line */
	REACH_FAILED,		/* anything else: *why has the reason */
};

/* The outcome of a call; clear it with reply_clear. */
struct reply {
	enum fault fault;
	char *text;     /* the fault's whole text, NULL without a fault */
	json_t *result; /* NULL with a fault */
	int fd;         /* the descriptor that came with it, owned, or -1 */
	bool cancelled; /* NOT_RUNNING, and a pending start was cancelled */
};

#define REPLY_NONE { .fd = -1 }

/* Nothing that behaves like the daemon is there. */
bool reply_is_absent(enum reach);
void reply_clear(struct reply *);
/* Makes it a fault; text is taken. */
void reply_set_fault(struct reply *, enum fault, char *text);
/* The text of a member, "" when there is none. Borrowed. */
const char *reply_member(const json_t *object, const char *name);
/* New: what a fault means, with what its text has besides its name, fit for a terminal:
 * "the daemon is shutting down". */
char *reply_meaning(enum fault, const char *text);

#endif
