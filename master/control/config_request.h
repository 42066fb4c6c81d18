/* Config request: calls that wait until the configuration has been read. The process that
 * reads it belongs to a module above. Requests of one kind that wait when a reading begins
 * share it. A request that arrives later may follow an edit, so it waits for the next
 * reading. */
#ifndef MASTER_CONTROL_CONFIG_REQUEST_H
#define MASTER_CONTROL_CONFIG_REQUEST_H

#include "common/compiler.h"
#include "master/control/connection.h"
#include "proto/fault.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define CONFIG_REQUESTS_MAX 1024       /* of all clients */
#define CONFIG_REQUESTS_PER_CLIENT 256 /* of one client */

/* The purpose of a reading. */
enum config_request_kind {
	CONFIG_REREAD,		/* replaces the groups of the configuration in force */
	CONFIG_PREVIEW,		/* changes nothing */
	CONFIG_RESTART,		/* keeps the configuration for the next run */
	CONFIG_REQUESTS,
};

/* The outcome of a reading; borrowed. */
struct config_answer {
	enum fault fault;
	const char
	    *detail;   /* of the fault: the text after its name; NULL = out of memory */
	json_t *found; /* of a reread or preview: the differences */
};

/* Called once. client: NULL when it has gone meanwhile; params: those of the request. */
typedef void config_request_fn(struct master *, struct connection *client, uint64_t id,
    const json_t *params, const struct config_answer *);

struct config_requests;

/* New; NULL with ENOMEM. begin is called for the first request of a kind that waits. It
 * begins a reading when none is under way, and may answer at once. */
struct config_requests *config_requests_new(
    struct master *, void (*begin)(struct master *, enum config_request_kind));
void config_requests_free(struct config_requests *); /* without an answer */
/* fn NULL: nobody waits for the answer. 0, or -1 with ENOMEM, or ENOBUFS: too many wait
 * or are being read for. */
NODISCARD int config_requests_add(struct config_requests *all,
    enum config_request_kind kind, config_request_fn *fn, struct connection *client,
    uint64_t id, const json_t *params);
/* A client is going away; its requests are carried out all the same. */
void config_requests_forget(struct config_requests *, const struct connection *);
/* Whether a request of the kind waits for a reading to begin. */
bool config_requests_wait(const struct config_requests *, enum config_request_kind);
/* The kind of the oldest request that waits; CONFIG_REQUESTS = none does. */
enum config_request_kind config_requests_next(const struct config_requests *);
/* A reading begins: it is for the requests of the kind that wait now. */
void config_requests_take(struct config_requests *, enum config_request_kind);
/* Answers the requests of the kind that were taken. */
void config_requests_answer(
    struct config_requests *, enum config_request_kind, const struct config_answer *);

#endif
