/* State stream: the rows of the daemon and its processes for subscribers, in the order of
 * their latest change (proto/changelog.h), encoded when a subscriber takes them. */
#ifndef MASTER_CONTROL_STATE_STREAM_H
#define MASTER_CONTROL_STATE_STREAM_H

#include "common/compiler.h"
#include "master/process/process.h"
#include "proto/peer/peer.h"
#include "proto/state.h"

#include <stdbool.h>
#include <stdint.h>

struct state_stream;
struct cursor;

struct state_stream_ops {
	/* Rows as they are now; strings new. 0 or -1 with ENOMEM. */
	int (*process)(void *ctx, const struct process *, struct process_info *);
	int (*daemon)(void *ctx, struct daemon_info *);
};

/* New; numbers go on after *seq, which the stream keeps current. NULL with errno. */
struct state_stream *state_stream_new(
    uint64_t *seq, const struct state_stream_ops *, void *ctx);
void state_stream_free(struct state_stream *); /* after its cursors */
/* The sealed page whose first eight bytes are the newest number; borrowed. */
int state_stream_page(const struct state_stream *);

/* A process appears; 0 or -1 with ENOMEM. */
NODISCARD int state_stream_added(struct state_stream *, struct process *);
/* Its row changed. */
void state_stream_changed(struct state_stream *, struct process *);
/* It is about to be freed. */
void state_stream_removed(struct state_stream *, struct process *);
void state_stream_daemon(struct state_stream *);

/* A new subscriber, at the beginning of its snapshot. NULL with ENOMEM. */
struct cursor *state_stream_subscribe(struct state_stream *);
void state_stream_unsubscribe(struct cursor *);
/* For peer_puller: the number up to which all was taken; the next frame. */
uint64_t state_stream_reached(void *cursor);
bool state_stream_next(void *cursor, struct buf *);

#endif
