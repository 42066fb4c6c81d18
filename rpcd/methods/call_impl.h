/* Call impl: a call as the files see it that read its body (call_read.c) and carry it out
 * (call.c). For these files alone. */
#ifndef RPCD_METHODS_CALL_IMPL_H
#define RPCD_METHODS_CALL_IMPL_H

#include "common/buf.h"
#include "common/queue.h"
#include "rpcd/methods/call.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/methods/reply_text.h"
#include "rpcd/xmlrpc/parse.h"
#include "rpcd/xmlrpc/parse_cache.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALL_POSTED_MAX 4 /* requests with events of one multicall on their way */

/* Work that takes longer is spread over turns of the loop, one call and so many
 * milliseconds a turn, so that other clients are served in between. */
#define CALL_TURN_MS 4
#define CALL_FIRST_MS 1              /* … and so many at once, when the call comes */
#define CALL_TURN_ELEMENTS 1024      /* of a multicall */
#define CALL_TURN_BYTES (256 * 1024) /* of a body */
#define CALL_AT_ONCE (16 * 1024)     /* bytes of a body that is read when it comes */

/* A request with so many events of a multicall. */
struct call_posted {
	uint64_t asked;
	size_t count;
};

struct call {
	struct invocation inv;
	struct calls *calls;
	struct reply_text doc;
	int status;              /* 400 when the body is no call, else 0 */
	struct xmlparse *reader; /* owned: of a body that is still being read, … */
	struct buf body;         /* … and that body */
	json_t *multi;           /* owned: a multicall's calls … */
	size_t next;             /* … and the next of them */
	/* Whose answers are due, in a ring: the master answers events in their order. */
	struct call_posted posted[CALL_POSTED_MAX];
	size_t first_posted, nposted;
	bool parked;    /* in calls->parked, else in calls->finished */
	bool due;       /* in calls->due: goes on in a turn of its own */
	bool *answered; /* set when it is, or NULL */
	call_done_fn *done;
	void *ctx;
	size_t cost; /* of body and parameters, in the account; 0 = small */
	TAILQ_ENTRY(call) link;
	TAILQ_ENTRY(call) due_link;
};

TAILQ_HEAD(call_list, call);

struct calls {
	struct rpcd *rpcd;
	struct xmlparse *parser;
	struct parse_cache *parse_cache;
	struct call_list parked;
	/* Answered at the end of each entry: no walk over the parked ones runs into what a
	 * client does then. */
	struct call_list finished;
	struct call_list due;       /* in the order of their turns … */
	const struct share *served; /* … but listeners take turns: the last one */
	struct source *turn;        /* timer: armed while there is one */
};

/* call.c */
/* The call goes on in a turn of its own, after those that wait for theirs. */
void call_later(struct call *);
/* Reads from the master until the mirror has what any peer may know. May answer calls. */
void call_catch_up(const struct calls *);

/* call_read.c */
/* Reads the body and begins with the call; takes a long one and reads it in turns. The
 * caller then runs the call. */
void call_read(struct call *, struct buf *body);
/* A turn of a call that has a reader. */
void call_read_on(struct call *);

#endif
