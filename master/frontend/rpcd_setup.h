/* Rpcd setup: sends a new reeve-rpcd, before it confines itself, its user, its listeners
 * with their sockets and passwords, and the page of the state stream (reeve-protocol(7)).
 * */
#ifndef MASTER_FRONTEND_RPCD_SETUP_H
#define MASTER_FRONTEND_RPCD_SETUP_H

#include "common/compiler.h"
#include "master/config/config.h"
#include "master/frontend/http_sockets.h"
#include "proto/peer/peer.h"
#include "proto/role.h"

#include <jansson.h>
#include <stddef.h>

/* The member "setup" of hello's result; new, NULL with ENOMEM. */
json_t *rpcd_setup_object(
    const struct config *, enum role max_role, const char *form_key, size_t nlisteners);
/* Queues the notifications for these listeners (indexes into the configuration), and marks
 * the peer as secret (peer_secret). 0, or -1 with errno. */
NODISCARD int rpcd_setup_send(struct peer *, const struct config *,
    const struct http_sockets *, const size_t *listeners, size_t nlisteners, int page);

#endif
