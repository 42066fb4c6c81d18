/* Rpcd: what the modules of reeve-rpcd share: one context, no globals. */
#ifndef RPCD_RPCD_H
#define RPCD_RPCD_H

#include "common/loop.h"
#include "proto/cmd.h"
#include "proto/mirror.h"
#include "proto/peer/peer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct call;
struct tails;
struct http_server;
struct method_source;
struct rpcinterfaces;

struct rpcd {
	struct loop *loop;
	struct peer *master;
	struct mirror *mirror;
	const _Atomic uint64_t *page; /* newest stream number, mapped read-only */
	struct http_server **listeners;
	size_t nlisteners;
	struct rpcinterfaces *rpcinterfaces;    /* namespaces that programs serve */
	const struct method_source *sources[4]; /* of all methods; NULL ends the list */
	struct calls *calls; /* all calls under way (rpcd/methods/call.h) */
	struct tails *tails; /* all log tails (rpcd/tail/tail.h) */
	bool serving;        /* the first snapshot has ended */
	bool ending;         /* the master half-closed: answer and go */
	size_t busy;         /* requests not answered completely */
	bool pinged;         /* the master will ping us without being notified */
};

/* Sends the master a request that has no parameters and whose answer does not matter. False
 * when it could not be sent: there is no connection, or it ends. */
bool rpcd_report(struct rpcd *, enum cmd_id);
/* A request is under way, which the master cannot know. Unless it pings us already, it is
 * notified before anything is done, so that it notices when that hangs. */
void rpcd_begin_request(struct rpcd *);
/* A request from the master: its ping is answered, anything else is a fault. */
void rpcd_answer(struct rpcd *, uint64_t id, const char *method);

#endif
