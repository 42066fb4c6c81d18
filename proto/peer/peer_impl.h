/* Peer impl: what peer.c (life and loop), peer_send.c (out-queue), peer_receive.c
 * (frames in) and peer_parts.c (long strings) share. */
#ifndef PROTO_PEER_IMPL_H
#define PROTO_PEER_IMPL_H

#include "common/buf.h"
#include "common/map.h"
#include "common/queue.h"
#include "proto/frame.h"
#include "proto/peer/peer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define PEER_READ (64 * 1024)         /* bytes read at once */
#define PEER_TURN_BYTES (256 * 1024)  /* bytes read … */
#define PEER_TURN_FRAMES 64           /* … and frames dispatched in one callback */
#define PEER_TURN_MS 2                /* that reading or writing may take in one call … */
#define PEER_LOOP_MS 4                /* … and of all peers of the master in one turn */
#define PEER_SHORT (4 * 1024)         /* bytes written once that is used up */
#define PEER_BATCH (64 * 1024)        /* bytes gathered for one write */
#define PEER_FLUSH_MAX (1024 * 1024)  /* bytes written in one flush */
#define PEER_JOINED (4 * 1024)        /* bytes of small messages in one frame's memory */
#define PEER_RETRY_MS 100             /* after a shortage of memory or descriptors */
#define PEER_FDS 2                    /* received and not yet claimed */
#define PEER_HEAD_MAX 192             /* bytes of a frame before its params or result */
#define PEER_PART_MAX FRAME_ASKED_MAX /* bytes of a part that is accepted */

/* A frame waiting to be written, or several small ones. */
struct peer_frame {
	TAILQ_ENTRY(peer_frame) link;
	uint64_t stamp;
	int fd; /* goes with it, owned, or -1 */
	struct buf bytes;
};

TAILQ_HEAD(peer_frames, peer_frame);

/* A request of ours without its answer. */
struct peer_pending {
	peer_answer_fn *fn; /* NULL = forgotten */
	void *ctx;
	bool want_fd;
};

/* A request whose long string is still coming. */
struct peer_long {
	uint64_t id; /* 0 = free */
	char *method;
	json_t *params; /* without data and total */
	size_t total;
	struct buf data; /* max = total */
};

struct peer {
	struct loop *loop;
	int fd;
	const struct peer_ops *ops;
	void *ctx;
	struct source *socket; /* NULL once nothing more is read or written */
	struct source *later;  /* what must be done outside peer_ calls */
	unsigned depth;        /* callbacks under way: memory stays until they return */
	bool freed;
	bool secret;
	struct peer_options options;

	/* In. */
	struct buf in;
	bool line;          /* `in` may hold a whole line */
	bool more;          /* the budget ended before the input did */
	int64_t more_since; /* since when it waits for its next turn */
	bool eof;
	int fds[PEER_FDS];
	size_t nfds;
	struct peer_long longs[PEER_LONG_OPEN];

	/* Out. */
	struct peer_frames queue;
	size_t queued;     /* bytes in it … */
	size_t queued_fds; /* … and descriptors */
	struct buf batch;  /* in its final order, being written */
	int batch_fd;      /* goes with the batch's first byte, or -1 */
	const struct peer_puller *puller;
	bool half_close, half_closed;
	int64_t last_write;
	uint64_t written;

	struct idmap *pending; /* of struct peer_pending by id, owned */
	uint64_t last_id;

	bool failed, reported;
	bool violation;
	char why[160];
};

/* Ends all I/O; `closed` is called from the loop. Only the first reason counts. */
void peer_fail(struct peer *, bool violation, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Runs peer_later within `ms`. */
void peer_soon(struct peer *, int64_t ms);
/* The peers of the master share a budget. True when so much of it is used in this turn. */
bool peer_is_used_up(const struct peer *, int64_t ms);
/* Ends a callback, which began with depth++; false when the peer was freed within (and is
 * gone when no other callback is under way). */
bool peer_leave(struct peer *);

void peer_send_clear(struct peer *);

void peer_receive_clear(struct peer *);
/* Reads and dispatches within the budgets; false when the peer was freed. */
bool peer_receive(struct peer *, size_t bytes, size_t frames);
/* Hands a whole request to its callback; params borrowed. */
void peer_receive_request(struct peer *, uint64_t id, const char *method, json_t *params);

/* Sends a request in one frame or in parts, all or nothing; params borrowed. */
int peer_parts_send(struct peer *, uint64_t id, const char *method, const json_t *params);
/* The request is the first part of a longer one, and was taken care of. */
bool peer_parts_begin(struct peer *, uint64_t id, const char *method, json_t *params);
void peer_parts_add(struct peer *, const json_t *params);
void peer_parts_clear(struct peer *);

/* New frame: its text up to the last member's value, and that (taken, NULL = out of
 * memory); or NULL with errno. */
struct peer_frame *peer_frame_new(
    const char *head, json_t *value, int fd, uint64_t stamp, bool secret);
/* Keeps errno. */
void peer_frames_clear(struct peer_frames *);
/* Queues all of them and empties the list, or returns -1 with ENOBUFS. */
int peer_send_queue(struct peer *, struct peer_frames *);

#endif
