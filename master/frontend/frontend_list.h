/* Frontend list: all reeve-rpcd processes of a run, and which HTTP sockets each of them
 * serves. */
#ifndef MASTER_FRONTEND_FRONTEND_LIST_H
#define MASTER_FRONTEND_FRONTEND_LIST_H

#include "master/frontend/frontend.h"

struct frontend_list;

/* New, not started: none without listeners. self: path of our binary, see frontend_find.
 * NULL with *error new. */
struct frontend_list *frontend_list_new(
    const struct frontend_use *, const char *self, char **error);
void frontend_list_free(struct frontend_list *);	/* NULL is fine */
/* Starts all, and each again whenever it ends, until frontend_list_end. */
void frontend_list_start(struct frontend_list *);
/* Ends all at once, those started last first; done is called, perhaps at once, when the
 * last one is reaped. */
void frontend_list_end(struct frontend_list *, void (*done)(void *ctx), void *ctx);
/* Makes sockets listen again that no client can reach any more; see frontend_revive. */
void frontend_list_revive(struct frontend_list *);
/* End of a loop iteration, after the replies were sent. */
void frontend_list_check(struct frontend_list *);
/* Whether the process is one of them. */
bool frontend_list_has(const struct frontend_list *, pid_t);
/* The peer of the one that serves the namespaces of rpcinterface programs, the first, when
 * it is ready; or NULL. Borrowed; NULL is fine. */
struct peer *frontend_list_peer(const struct frontend_list *);

#endif
