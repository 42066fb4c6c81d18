/* Server stats: what the processes use, from either kind of server. */
#ifndef CTL_DAEMON_SERVER_STATS_H
#define CTL_DAEMON_SERVER_STATS_H

#include "common/compiler.h"
#include "ctl/daemon/server.h"
#include "proto/stats.h"

struct server_stats;

/* Gets the stats of all processes; *stats is new. Without any, because the server does not
 * have them, *stats is NULL. Returns as server_call. */
NODISCARD int server_stats(struct server *, struct server_stats **stats);
void server_stats_free(struct server_stats *); /* NULL is fine */
/* The stats of a process in its present run (borrowed), or NULL; stats may be NULL. */
const struct process_stats *server_stats_find(
    const struct server_stats *, const struct process_info *);

#endif
