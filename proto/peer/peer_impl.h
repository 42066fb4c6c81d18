/* Peer impl: the struct and the functions that peer.c (creation, loop), peer_send.c
 * (output), peer_receive.c (input) and peer_parts.c (long strings) share. */
#ifndef PROTO_PEER_PEER_IMPL_H
#define PROTO_PEER_PEER_IMPL_H

#include "common/buf.h"
#include "common/map.h"
#include "common/queue.h"
#include "proto/frame.h"
#include "proto/peer/peer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define PEER_READ (64 * 1024)        /* bytes of one read */
#define PEER_TURN_BYTES (256 * 1024) /* bytes read in one callback */
#define PEER_TURN_FRAMES 64          /* frames dispatched in one callback */
#define PEER_TURN_MS 2               /* time for reading or writing in one callback */
#define PEER_LOOP_MS 4               /* the same for all peers in one turn of the loop */
#define PEER_SHORT (4 * 1024)        /* bytes of a write once that time is used up */
#define PEER_BATCH (64 * 1024)       /* bytes gathered for one write */
#define PEER_FLUSH_MAX (1024 * 1024) /* bytes written in one flush */
#define PEER_JOINED (4 * 1024)       /* bytes of small messages in one struct peer_frame */
#define PEER_RETRY_MS 100            /* after a shortage of memory or descriptors */
#define PEER_FDS 2                   /* descriptors received and not yet claimed */
#define PEER_HEAD_MAX 192            /* bytes of a frame before its params or result */
#define PEER_PART_MAX FRAME_REQUEST_MAX /* bytes of a received part */

/* A queued frame, or several small ones. */
struct peer_frame {
	TAILQ_ENTRY(peer_frame) link;
	uint64_t stamp;
	int fd; /* sent with the frame, owned, or -1 */
	struct buf bytes;
};

TAILQ_HEAD(peer_frames, peer_frame);

/* A request sent whose reply has not come. */
struct peer_pending {
	peer_answer_fn *fn; /* NULL = forgotten */
	void *ctx;
	bool want_fd;
};

/* A request received whose long string is not complete yet. */
struct peer_long {
	uint64_t id; /* 0 = free */
	char *method;
	json_t *params; /* without `data` and `total` */
	size_t total;
	struct buf data; /* max = total */
};

struct peer {
	struct loop *loop;
	int fd;
	const struct peer_ops *ops;
	void *ctx;
	struct source *socket; /* NULL after the connection has ended */
	struct source *later;  /* timer: work outside of peer_ functions */
	unsigned depth;        /* callbacks that run now; the last one frees the memory */
	bool freed;            /* peer_free was called while a callback ran */
	bool secret;
	struct peer_options options;

	/* In. */
	struct buf in;
	bool line;          /* `in` may hold a complete line */
	bool more;          /* the budget of this turn ended before the input did */
	int64_t more_since; /* with `more`: clock_mono_ms() when the wait began */
	bool eof;
	int fds[PEER_FDS];
	size_t nfds;
	struct peer_long longs[PEER_LONG_OPEN];

	/* Out. */
	struct peer_frames queue;
	size_t queued;     /* bytes in the queue */
	size_t queued_fds; /* descriptors in the queue */
	struct buf batch;  /* frames in their final order, being written */
	int batch_fd;      /* sent with the first byte of the batch, or -1 */
	const struct peer_puller *puller;
	bool half_close, half_closed;
	int64_t last_write;
	uint64_t written;

	struct idmap *pending; /* of struct peer_pending by id, owned */
	uint64_t last_id;
	uint64_t dropped_id; /* replies up to this id are for a process before us */

	bool failed, reported;
	bool violation;
	char why[160];
};

/* Ends the connection; the loop then calls `closed`. Later calls have no effect. */
void peer_fail(struct peer *, bool violation, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Arms the timer `later`, if it is not due earlier. */
void peer_soon(struct peer *, int64_t ms);
/* True when all peers together have used this time in the current turn of the loop. False
 * with autoflush, because such a program has one peer. */
bool peer_is_used_up(const struct peer *, int64_t ms);
/* Ends a callback, which began with depth++. False when peer_free was called during it:
 * then the peer is used no more. */
bool peer_leave(struct peer *);

/* Of a secret peer: jansson wipes the memory that it frees. What peer_wipe_end needs, which
 * must be called before the loop continues. */
json_free_t peer_wipe_begin(const struct peer *);
void peer_wipe_end(json_free_t before);

void peer_send_clear(struct peer *);

void peer_receive_clear(struct peer *);
/* Reads and dispatches up to these numbers (SIZE_MAX = all); false when the peer was
 * freed. */
bool peer_receive(struct peer *, size_t bytes, size_t frames);
/* Calls the callback for a complete request; params borrowed. */
void peer_receive_request(struct peer *, uint64_t id, const char *method, json_t *params);

/* Queues a request in one frame or in parts, all or nothing; params borrowed. */
int peer_parts_send(struct peer *, uint64_t id, const char *method, const json_t *params);
/* True when the request was only the first part of a longer one, or has failed. */
bool peer_parts_begin(struct peer *, uint64_t id, const char *method, json_t *params);
void peer_parts_add(struct peer *, const json_t *params);
void peer_parts_clear(struct peer *);

/* New frame from a head (see frame_write) and a value (taken; NULL = out of memory), or
 * NULL with errno, and fd is not taken. */
struct peer_frame *peer_frame_new(
    const char *head, json_t *value, int fd, uint64_t stamp, bool secret);
void peer_frames_clear(struct peer_frames *);
/* Queues all frames and empties the list, or returns -1 with ENOBUFS. */
int peer_send_queue(struct peer *, struct peer_frames *);

#endif
