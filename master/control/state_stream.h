/* State stream: sends the rows of the daemon and its processes to subscribers, in the order
 * of their latest change (proto/changelog.h). A row is encoded when it is sent. */
#ifndef MASTER_CONTROL_STATE_STREAM_H
#define MASTER_CONTROL_STATE_STREAM_H

#include "common/compiler.h"
#include "master/process/process.h"
#include "proto/grant.h"
#include "proto/peer/peer.h"
#include "proto/state.h"

#include <stdbool.h>
#include <stdint.h>

struct state_stream;
struct cursor;

struct state_stream_ops {
	/* Fill the present row; strings new. 0, or -1 with ENOMEM. */
	int (*process)(void *ctx, const struct process *, struct process_info *);
	int (*daemon)(void *ctx, struct daemon_info *);
};

/* New; NULL with errno. *seq is the latest number, which the stream raises. page_take: that
 * of the process before an upgrade; -1 = none. */
struct state_stream *state_stream_new(
    uint64_t *seq, int page_take, const struct state_stream_ops *, void *ctx);
void state_stream_free(struct state_stream *); /* after the last cursor */
/* Descriptor of the page whose first eight bytes are the latest number, only to be read;
 * borrowed. */
int state_stream_page(const struct state_stream *);
/* The same, for a process that replaces this one; -1 = it needs a new page. */
int state_stream_kept_page(const struct state_stream *);

/* A process was added. 0, or -1 with ENOMEM. */
NODISCARD int state_stream_added(struct state_stream *, struct process *);
/* Its row has changed. */
void state_stream_changed(struct state_stream *, struct process *);
/* It is about to be freed. */
void state_stream_removed(struct state_stream *, struct process *);
void state_stream_daemon(struct state_stream *); /* the daemon's row has changed */

/* New: the cursor of a subscriber, which receives what the grant sees, at the beginning of
 * its snapshot. NULL with ENOMEM. */
struct cursor *state_stream_subscribe(struct state_stream *, struct grant *);
/* The subscriber had one before an upgrade: the numbers that it receives never decrease. */
void state_stream_resume(struct cursor *);
void state_stream_unsubscribe(struct cursor *);
/* For peer_puller: the number up to which everything was sent, and the next frame. */
uint64_t state_stream_reached(void *cursor);
bool state_stream_next(void *cursor, struct buf *);

#endif
