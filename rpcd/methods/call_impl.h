/* Call impl: the structs of a call, only for call_read.c, which reads the body,
 * call_json.c, which begins what a body of JSON-RPC asks for, and call.c, which does the
 * rest. */
#ifndef RPCD_METHODS_CALL_IMPL_H
#define RPCD_METHODS_CALL_IMPL_H

#include "common/buf.h"
#include "common/queue.h"
#include "rpcd/json/request.h"
#include "rpcd/methods/call.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/methods/reply_text.h"
#include "rpcd/xmlrpc/parse.h"
#include "rpcd/xmlrpc/parse_cache.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALL_POSTED_MAX 4 /* requests with events that a multicall sends without a reply */

/* A long call is processed in several turns of the loop, so that other clients are served
 * in between: one call in a turn, up to these limits. */
#define CALL_TURN_MS 4
#define CALL_TURN_ELEMENTS 1024      /* of a multicall */
#define CALL_TURN_BYTES (256 * 1024) /* of a body */
#define CALL_FIRST_MS 1              /* time in the turn in which the call arrives */
#define CALL_AT_ONCE (16 * 1024)     /* bytes of a body that is read in that turn */

/* A request with events of a multicall. */
struct call_posted {
	uint64_t request; /* its id */
	size_t count;     /* of the events */
};

struct call {
	struct invocation inv;
	struct calls *calls;
	struct reply_text doc;
	struct reply_text dropped; /* the result of a notification */
	int status;   /* 400 when the body is not a call, 204 without a reply, else 0 */
	bool reading; /* a long body */
	struct xmlparse *reader; /* owned: parser of a long body, or NULL */
	struct json_body json;   /* the same for JSON-RPC */
	struct buf body;         /* the body that one of them reads */
	bool is_batch;           /* `multi` has the requests of a batch */
	char *id;                /* owned: JSON text of the id of the request, or NULL */
	json_t *multi;           /* owned: the calls of a multicall, or NULL */
	size_t next;             /* the next call of `multi` */
	const struct api_method *list_method; /* of the multicall, or NULL */
	int64_t list_began_us;
	/* Requests without a reply: a ring, because the master replies in their order. */
	struct call_posted posted[CALL_POSTED_MAX];
	size_t first_posted, nposted;
	bool parked;    /* in calls->parked, else in calls->finished */
	bool due;       /* in calls->due: continues in a turn of its own */
	bool *answered; /* set to true when the call is answered, or NULL */
	call_done_fn *done;
	void *ctx;
	size_t cost; /* of body and parameters, counted in the budget; 0 = small */
	TAILQ_ENTRY(call) link;
	TAILQ_ENTRY(call) due_link;
};

TAILQ_HEAD(call_list, call);

struct calls {
	struct rpcd *rpcd;
	struct xmlparse *parser;
	struct parse_cache *parse_cache;
	struct call_list parked;
	/* Answered at the end of each function of call.h, because the clients' callbacks
	 * may change the list of parked calls. */
	struct call_list finished;
	struct call_list due;       /* in the order of their turns; listeners alternate */
	const struct share *served; /* the listener that had the last turn */
	struct source *turn;        /* timer: armed while `due` is not empty */
};

/* call.c */
/* Continues the call in a turn of its own, after the calls that are already due. */
void call_later(struct call *);

/* call_read.c */
/* Reads a short body and begins the call, or takes a long body and schedules it. The caller
 * then runs the call. */
void call_read(struct call *, struct buf *body);
/* Reads a part of a long body. */
void call_read_on(struct call *);

/* call_json.c */
/* Begins the request or the batch. */
void call_json_enter(struct call *, struct json_body *);
/* Begins a request of a batch. */
void call_json_request(struct call *, const json_t *request);
/* The body is not JSON-RPC. */
void call_json_refuse(struct call *, int code, const char *why);
/* All results are written. */
void call_json_finish(struct call *);

#endif
