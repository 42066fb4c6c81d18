/* Answer: what reaching a server and calling it came to, the same for both kinds. */
#ifndef CTL_REPLY_H
#define CTL_REPLY_H

#include "proto/fault.h"

#include <jansson.h>
#include <stdbool.h>

/* How an attempt to reach a server ended. */
enum reach {
	REACH_OK,
	REACH_NO_FILE,		/* no socket there */
	REACH_REFUSED,		/* nobody listens */
	REACH_UNAUTHORIZED,	/* it wants a user and a password, or others */
	REACH_NO_INTERFACE,	/* XML-RPC without supervisor's methods */
	REACH_OTHER_API,	/* of another version: *why is it */
	REACH_FAULT,		/* reached, but it answers a fault: *why is its line */
	REACH_FAILED,		/* anything else: *why says what */
};

/* What a call came to; clear it with answer_clear. */
struct answer {
	enum fault fault;
	char *text;		/* the fault's whole text, NULL without a fault */
	json_t *result;		/* NULL with a fault */
	int fd;			/* the descriptor that came with it, owned, or -1 */
	bool cancelled;		/* NOT_RUNNING, and a pending start was cancelled */
};

#define ANSWER_NONE { .fd = -1 }

void answer_clear(struct answer *);
/* Makes it a fault; text is taken. */
void answer_set_fault(struct answer *, enum fault, char *text);
/* New: what a fault means, with what its text says besides its name, fit for a terminal:
 * "the daemon is shutting down". */
char *answer_meaning(enum fault, const char *text);

#endif
