/* Peer: one end of a connection between the programs (reeve-protocol(7)): sends and
 * receives requests, replies and notifications as frames, each with at most one descriptor;
 * sends long strings in parts; queues a bounded amount of output.
 *
 * peer_notify, peer_reply, peer_fault and peer_call only queue frames. peer_flush, or the
 * peer itself when the socket becomes writable, sends them. The master flushes all peers at
 * the end of a turn of its loop; the other programs set `autoflush`.
 *
 * A queued frame has a stamp: the number that the state stream had reached when the frame
 * was queued. A peer with a puller sends the stream up to that number before the frame. So
 * changes precede the replies that depend on them, and a slow subscriber costs no memory,
 * because stream frames are made when they can be sent. */
#ifndef PROTO_PEER_PEER_H
#define PROTO_PEER_PEER_H

#include "common/buf.h"
#include "common/compiler.h"
#include "common/loop.h"
#include "proto/fault.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define PEER_OUT_MAX (8 * 1024 * 1024)  /* unsent bytes; more ends the connection */
#define PEER_LONG_MAX (4 * 1024 * 1024) /* bytes of one long string */
#define PEER_LONG_OPEN 4                /* long strings being received at once */

struct frame_limits;
struct peer;

/* Callbacks; params are borrowed. Each may call peer_free. */
struct peer_ops {
	void (*request)(
	    void *ctx, struct peer *, uint64_t id, const char *method, json_t *params);
	/* fd: -1, or a descriptor, which the callee takes. */
	void (*notification)(
	    void *ctx, struct peer *, const char *method, json_t *params, int fd);
	/* The connection has ended: by end of file (why ""), an error, or a violation of
	 * the protocol; why is for the log. Called once, from the loop, never from within a
	 * peer_ function. The callee calls peer_free. */
	void (*closed)(void *ctx, struct peer *, const char *why, bool violation);
};

/* May be changed at any time. */
struct peer_options {
	bool autoflush;  /* send frames when they are queued */
	size_t long_max; /* bytes of a long string in a request; default PEER_LONG_MAX */
	/* Borrowed; by default both are frame_limits. */
	const struct frame_limits *limits;         /* of received frames */
	const struct frame_limits *request_limits; /* of the other end, for requests */
};

/* The source of stream frames. */
struct peer_puller {
	uint64_t (*reached)(void *ctx); /* the number up to which everything was pulled */
	/* Appends the next frame; false: there is none now, or out of memory. */
	bool (*next)(void *ctx, struct buf *);
	void *ctx;
};

/* New; takes fd. On failure NULL with errno, and fd is not taken. */
struct peer *peer_new(struct loop *, int fd, const struct peer_ops *, void *ctx);
/* Frees the peer, also within its callbacks, and closes its descriptor. Callbacks for
 * pending replies are not called. NULL is allowed. */
void peer_free(struct peer *);
int peer_fd(const struct peer *);
/* It ended, and `closed` has been or is about to be called. */
bool peer_has_ended(const struct peer *);
struct peer_options *peer_options(struct peer *);
void peer_pull_from(struct peer *, const struct peer_puller *);
/* Schedules sending after the puller has got a new frame, or a frame was queued. */
void peer_wake(struct peer *);
/* Sends what is queued, then calls shutdown(SHUT_WR). Discards everything received from now
 * on up to the end of file, which calls `closed`. */
void peer_half_close(struct peer *);

/* Queue a frame. params, result (NULL = {} and null) and fd (-1 = none) are taken, also on
 * failure. 0, or -1 with errno: EPIPE, ENOBUFS, ENOMEM, EMSGSIZE; then the connection ends
 * soon. Of replies and faults none is too long: the fault FAILED replaces a long reply, and
 * a long message is cut. */
int peer_notify(struct peer *, const char *method, json_t *params, int fd, uint64_t stamp);
int peer_reply(struct peer *, uint64_t id, json_t *result, int fd, uint64_t stamp);
/* message: the whole text of the fault, e.g. "BAD_NAME: x". */
int peer_fault(struct peer *, uint64_t id, enum fault, const char *message, uint64_t stamp);

/* The reply to a request: FAULT_NONE and a borrowed result, or a fault and its text. fd:
 * -1, or a descriptor, which the callee takes. */
typedef void peer_answer_fn(
    void *ctx, enum fault fault, const char *message, json_t *result, int fd);
/* Queues a request; params are taken. Its id, or 0 with errno: ENOMEM, EMSGSIZE (over
 * request_limits or PEER_LONG_MAX), ENOBUFS (too much is unsent), EPIPE (the connection has
 * ended). A failure has no effect on the connection, because clients choose the size of
 * requests. The string `data` of params is sent in parts when it is longer than FRAME_PART.
 * `want_fd`: the reply may have a descriptor; any other descriptor ends the connection. */
uint64_t peer_call(struct peer *, const char *method, json_t *params, bool want_fd,
    peer_answer_fn *, void *ctx);
/* Drops the reply to this request when it comes. */
void peer_forget(struct peer *, uint64_t id);

/* Writes as much as the socket accepts. */
void peer_flush(struct peer *);
/* Reads and dispatches everything that the socket holds now: reeve-rpcd brings its mirror
 * up to date before it answers a read. */
void peer_drain(struct peer *);
/* While on, frames are overwritten in memory once they are sent, and so are the JSON values
 * that the peer frees. The bytes of frames that were read always are. */
void peer_secret(struct peer *, bool on);
size_t peer_unsent(const struct peer *);
/* Bytes written since the peer was created. */
uint64_t peer_written(const struct peer *);
/* Descriptors in queued frames. A caller that replies with descriptors bounds them. */
size_t peer_unsent_fds(const struct peer *);
/* clock_mono_ms() of the last successful write, or of peer_new. */
int64_t peer_last_write(const struct peer *);

#endif
