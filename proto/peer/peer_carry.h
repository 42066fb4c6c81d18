/* Peer carry: what a connection needs to continue in a process that replaces this one by
 * exec, with the same descriptors: input that was read and not handled, and output that was
 * queued and not sent. The state stream is not carried: subscribers get a new snapshot. */
#ifndef PROTO_PEER_PEER_CARRY_H
#define PROTO_PEER_PEER_CARRY_H

#include "common/buf.h"
#include "common/compiler.h"
#include "common/fields.h"
#include "proto/peer/peer.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that are sent together with a descriptor. */
#define PEER_PIECE_FIELDS(ROW, S)							\
	ROW(S, BUF, bytes)								\
	ROW(S, FD, fd)
struct peer_piece FIELDS(PEER_PIECE_FIELDS);

#define PEER_CARRIED_FIELDS(ROW, S)							\
	ROW(S, FD, fd)									\
	ROW(S, U64, last_id)	/* of our own requests, whose replies are dropped */	\
	ROW(S, BUF, in)
struct peer_carried_record FIELDS(PEER_CARRIED_FIELDS);

struct peer_carried {
	union {
		struct peer_carried_record record;
		struct FIELDS(PEER_CARRIED_FIELDS);
	};
	/* The first is what a write may have begun, and comes before everything else; the
	 * others come after the snapshot. */
	struct peer_piece *pieces;
	size_t npieces;
};

/* Nothing, without a descriptor. */
void peer_carried_init(struct peer_carried *);
/* Fills it with copies; the peer stays as it is and keeps its descriptors. 0; or -1 with
 * errno: ENOMEM, or ENOTCONN because the connection has ended. */
NODISCARD int peer_carry(const struct peer *, struct peer_carried *);
/* Appends a request to the input, after which it comes as if it was received. 0, or -1 with
 * errno. */
NODISCARD int peer_carry_request(
    struct peer_carried *, uint64_t id, const char *method, const json_t *params);
/* Puts it into a new peer of its descriptor; the descriptors of the pieces are taken. What
 * comes after the snapshot is queued with the stamp. `resumed`: parameters (taken) of the
 * notification `resumed`, which comes before the snapshot; NULL = it is not sent. 0, or -1
 * with errno; then the connection ends. */
NODISCARD int peer_resume(
    struct peer *, struct peer_carried *, uint64_t stamp, json_t *resumed_take);
/* Frees the copies; closes no descriptor. */
void peer_carried_clear(struct peer_carried *);

#endif
