/* Rpcd: the context that the modules of reeve-rpcd share. */
#ifndef RPCD_RPCD_H
#define RPCD_RPCD_H

#include "common/loop.h"
#include "proto/cmd.h"
#include "proto/mirror.h"
#include "proto/peer/peer.h"
#include "rpcd/pages/token.h"
#include "proto/role.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct call;
struct tails;
struct http_server;
struct method_source;
struct rpcinterfaces;
struct events;
struct figures;
struct stats;
struct timings;
struct users;

#define RPCD_HOST_SIZE 65

struct rpcd {
	struct loop *loop;
	struct peer *master;
	struct mirror *mirror;
	const _Atomic uint64_t *page; /* newest number of the stream, mapped read-only */
	struct http_server **listeners;
	size_t nlisteners;
	enum role max_role; /* that a client can have; the master has the same limit */
	struct users *users;
	uid_t daemon_uid;                       /* the master's */
	struct rpcinterfaces *rpcinterfaces;    /* namespaces that programs serve */
	const struct method_source *sources[4]; /* of all methods; NULL ends the list */
	struct calls *calls;                    /* all open calls (rpcd/methods/call.h) */
	struct events *events;                  /* of open pages (rpcd/events/events.h) */
	struct tails *tails;                    /* all log tails (rpcd/tail/tail.h) */
	struct stats *stats;                    /* what the programs use (rpcd/stats.h) */
	struct figures *figures;   /* what the master counts (rpcd/figures.h) */
	struct timings *timings;   /* of calls (rpcd/timings.h) */
	bool serving;              /* the first snapshot is complete */
	bool retiring;             /* another reeve-rpcd accepts the clients now */
	bool ending;               /* the master has closed the connection */
	size_t busy;               /* requests not answered completely */
	bool pinged;               /* the master pings reeve-rpcd at present */
	char host[RPCD_HOST_SIZE]; /* name of the machine, for pages */
	struct token_key form_key; /* for the tokens of forms */
};

/* Sends the master a command without parameters and ignores the reply. False when it could
 * not be sent because the connection has ended or is ending. */
bool rpcd_report(struct rpcd *, enum cmd_id);
/* Counts an HTTP request, of which the master does not know. Unless the master pings
 * already, notifies it before the request is processed, so that it notices when reeve-rpcd
 * hangs. */
void rpcd_begin_request(struct rpcd *);
/* Reads from the master until the mirror has every change that any client may know of. May
 * answer calls. */
void rpcd_catch_up(struct rpcd *);
/* Replies to a request of the master, which can only be a ping. */
void rpcd_on_request(struct rpcd *, uint64_t id, const char *method);

#endif
