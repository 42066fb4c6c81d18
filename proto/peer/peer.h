/* Peer: one end of a connection, the same code in all three programs: requests,
 * answers and notifications as frames, request ids, a bounded out-queue, long
 * strings in parts, at most one descriptor a frame.
 *
 * Nothing is written from inside peer_notify and its sisters: frames are queued,
 * and peer_flush (or the peer's own writability) sends them. The master flushes
 * at the end of a turn, deltas first; the others set `autoflush`.
 *
 * Order against the state stream: a queued frame bears a stamp, the stream number
 * at its time. A peer with a puller asks it for stream frames first: a frame
 * leaves only when puller.reached() >= its stamp, and while it is lower,
 * puller.next() is asked for the next stream frame. So deltas precede replies,
 * and a stream that falls behind costs no memory. */
#ifndef PROTO_PEER_H
#define PROTO_PEER_H

#include "common/buf.h"
#include "common/compiler.h"
#include "common/loop.h"
#include "proto/fault.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define PEER_OUT_MAX (8 * 1024 * 1024)  /* bytes queued and unsent; more closes the peer */
#define PEER_LONG_MAX (4 * 1024 * 1024) /* bytes of one long string */
#define PEER_LONG_OPEN 4                /* long strings being received at once */

struct frame_limits;
struct peer;

/* Callbacks; the params object is borrowed. A peer may be closed in any of them. */
struct peer_ops {
	void (*request)(
	    void *ctx, struct peer *, uint64_t id, const char *method, json_t *params);
	/* fd: -1, or a descriptor that becomes the callee's. */
	void (*notification)(
	    void *ctx, struct peer *, const char *method, json_t *params, int fd);
	/* The connection is over: end of file ("" as why), an error, or a violation (*why
	 * for the log; violation = true). Called once, from the loop, never from within a
	 * peer_ call. The callee calls peer_free. */
	void (*closed)(void *ctx, struct peer *, const char *why, bool violation);
};

/* May be changed at any time. */
struct peer_options {
	bool autoflush; /* write what is queued at once */
	/* Bytes of a long string that a request may announce; at most, and by default,
	 * PEER_LONG_MAX. */
	size_t long_max;
	/* Of frames received, borrowed; by default frame_limits. */
	const struct frame_limits *limits;
	/* Bytes of a request's frame; a longer one is EMSGSIZE in peer_call. FRAME_MAX by
	 * default; the master takes FRAME_ASKED_MAX. */
	size_t asked_max;
};

/* Where stream frames come from. */
struct peer_puller {
	uint64_t (*reached)(void *ctx); /* number up to which all was delivered */
	/* Appends one frame; false: no more now, or out of memory. */
	bool (*next)(void *ctx, struct buf *);
	void *ctx;
};

/* New; takes fd. NULL with errno (fd then is still the caller's). */
struct peer *peer_new(struct loop *, int fd, const struct peer_ops *, void *ctx);
/* Frees at once (safe inside callbacks) and closes the descriptor; pending answers are
 * dropped without a call. NULL is fine. */
void peer_free(struct peer *);
int peer_fd(const struct peer *);
struct peer_options *peer_options(struct peer *);
void peer_pull_from(struct peer *, const struct peer_puller *);
/* Says that the puller has something new, or that something was queued. */
void peer_wake(struct peer *);
/* Says goodbye: shutdown(SHUT_WR) once everything queued is sent. What is still received is
 * thrown away, but for the end of file, which `closed` tells as ever. */
void peer_half_close(struct peer *);

/* Queue a frame. params/result are taken (NULL = {} / null) even on failure; a passed fd is
 * duplicated by the kernel when sent and closed here. 0, or -1 with errno: ENOBUFS, ENOMEM
 * or EMSGSIZE; the peer then closes itself soon. */
int peer_notify(struct peer *, const char *method, json_t *params, int fd, uint64_t stamp);
int peer_reply(struct peer *, uint64_t id, json_t *result, int fd, uint64_t stamp);
/* message: the whole fault text, e.g. "BAD_NAME: x". */
int peer_fault(struct peer *, uint64_t id, enum fault, const char *message, uint64_t stamp);

/* The answer to a request: fault FAULT_NONE and a borrowed result, or a fault and its text.
 * fd: -1, or a descriptor that becomes the callee's. */
typedef void peer_answer_fn(
    void *ctx, enum fault fault, const char *message, json_t *result, int fd);
/* Sends a request, params taken; its id (never 0), or 0 with errno, which leaves the peer
 * as it was, because a client's big request is refused by its caller (ENOBUFS: too much
 * is unsent; EMSGSIZE; EPIPE: the connection is over). The string `data` of params goes in
 * parts when it is longer than FRAME_PART. `want_fd`: the answer may carry a descriptor;
 * one that was not asked for closes the peer. */
uint64_t peer_call(struct peer *, const char *method, json_t *params, bool want_fd,
    peer_answer_fn *, void *ctx);
/* The answer of this request will be dropped. */
void peer_forget(struct peer *, uint64_t id);

/* Writes what the socket takes. */
void peer_flush(struct peer *);
/* Reads and dispatches everything the socket holds now (rpcd empties the stream before it
 * answers a read). May call `closed`. */
void peer_drain(struct peer *);
/* While on, what is sent and received is overwritten in memory as soon as it has been. */
void peer_secret(struct peer *, bool on);
size_t peer_unsent(const struct peer *);
/* Bytes written since its creation. */
uint64_t peer_written(const struct peer *);
/* Descriptors that wait with it, each one of ours: who answers with one asks before. */
size_t peer_unsent_fds(const struct peer *);
/* clock_mono_ms of the last successful write (or creation): a stuck rpcd shows here. */
int64_t peer_last_write(const struct peer *);

#endif
