/* Carried: a connection of the master in the state document, and back: an upgrade continues
 * the connections of its clients. Requests that were received and not answered are received
 * again, because what they wait for has not happened yet. */
#ifndef MASTER_CONTROL_CARRIED_H
#define MASTER_CONTROL_CARRIED_H

#include "common/compiler.h"
#include "common/fields.h"
#include "master/control/connection.h"
#include "proto/peer/peer_carry.h"

#define CARRIED_FIELDS(ROW, S)								\
	ROW(S, U64, number)								\
	ROW(S, BOOL, greeted)								\
	ROW(S, BOOL, subscribed)							\
	ROW(S, TEXT, program)	/* the client's name in log lines */
struct carried_record FIELDS(CARRIED_FIELDS);

struct carried {
	union {
		struct carried_record record;
		struct FIELDS(CARRIED_FIELDS);
	};
	struct peer_carried peer;
};

void carried_init(struct carried *); /* nothing */
/* Fills it with copies. 0; or -1 with errno: ENOMEM, or ENOTCONN because the connection has
 * ended. */
NODISCARD int carried_write(const struct connection *, struct carried *);
/* Continues it in a new connection of its descriptor: the client receives `resumed`, and a
 * subscriber a snapshot. 0, or -1 with errno; then the connection ends. */
NODISCARD int carried_resume(struct carried *, struct connection *);
void carried_clear(struct carried *);

#endif
